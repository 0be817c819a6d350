/**
 * Managers: processes that keep objects for others.
 *
 * @module
 */

import {
  aTypeOf,
  checkArgument,
  checkOptions,
  MILLISECONDS,
  type OptionRules,
} from "../sync/_options.ts";
import type { WaitLimit } from "../sync/_drive.ts";
import { abortedError, after, checkTimeout, limit } from "../sync/_deadline.ts";
import { RuntimeError, TimeoutError } from "../sync/errors.ts";
import { type Address, checkedAddress, showAddress } from "./connections/_address.ts";
import { checkKey } from "./connections/_auth.ts";
import { lateTypes } from "./managers/_late_types.ts";
import {
  type ManagerCallable,
  type Registered,
  registeredWith,
  type RegisterOptions,
  registerType,
} from "./managers/_manager_registry.ts";
import { type ManagerType, ManagerTypes, ownTypes } from "./managers/_manager_types.ts";
import { ObjectConnection } from "./objects/_object_connection.ts";
import { ROOT } from "./objects/_object_protocol.ts";
import { ObjectServer } from "./managers/_object_server.ts";
import { descriptionOf, newsOf, placeFor, serverSetup } from "./managers/_server_start.ts";
import { removeNow } from "./connections/_socket_path.ts";
import { addressIn, type ServerOptions, ServerProcess } from "./managers/_server_process.ts";
import { CHILD_RULES } from "./workers/_worker_rules.ts";
import { Client } from "./client.ts";
import { current_process } from "./current_process.ts";
import { ProcessError } from "./errors.ts";
import type { ProcessOptions } from "./processes/_process_options.ts";
import { A_METHOD } from "./processes/_start_method.ts";
import { type ProxyClass, useProxyTypes } from "./proxy.ts";
import { Queue } from "./queue.ts";
import { thisResolver } from "./values/_this_resolver.ts";
import type { ServerNews } from "./managers/_server_process.ts";

/** Options of a manager. */
export interface ManagerOptions
  extends Omit<ProcessOptions, "target" | "args" | "kwargs" | "name" | "daemon" | "context"> {
  /** How its server's process is started: a method or a context; default what `get_start_method()` says. */
  readonly ctx?: ProcessOptions["context"];
  /**
   * Where its server listens, or is to be connected to: `[host, port]`, or a path; default a Unix socket in a
   * folder of its own that only this user can look into.
   */
  readonly address?: Address | undefined;
  /** The key that both sides have to have; default `current_process().authkey`. */
  readonly authkey?: Uint8Array | undefined;
  /** Milliseconds for the server's process to end by itself, before it is made to; default 1000. */
  readonly shutdown_timeout?: number | undefined;
}

/** Options of `start`. */
export interface ManagerStartOptions {
  /** What the server's process calls first. */
  readonly initializer?: ManagerCallable | undefined;
  /** Its arguments. */
  readonly initargs?: readonly unknown[] | undefined;
}

const RULES: OptionRules = {
  ...CHILD_RULES,
  address: aTypeOf("a path or [host, port]", () => true),
  authkey: aTypeOf("a Uint8Array", () => true),
  shutdown_timeout: MILLISECONDS,
  ctx: A_METHOD,
};

const START_RULES: OptionRules = {
  initializer: aTypeOf(
    "a function or task(url, function)",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
  ),
  initargs: aTypeOf("an array", Array.isArray),
};

/** Milliseconds for the server's process to end, once it has been told to. */
const LONGEST_SHUTDOWN = 1000;

/** Where a manager is in its life. */
type State = "initial" | "starting" | "started" | "connected" | "serving" | "shut down";

/** A server in this process; `get_server()` gives it. */
export interface Server {
  /** Where it listens. */
  readonly address: Address;
  /** Serves whoever comes; resolves when a client has shut it down, or `stop` was called. */
  serve_forever(): Promise<void>;
  /** Stops serving. */
  stop(): void;
}

/**
 * A process that makes objects and keeps them, for all who have its address and key: Python's
 * `multiprocessing.managers.BaseManager`. What is made arrives as a proxy, whose methods are calls to that process.
 *
 * - A subclass says what can be made, by `register`; nothing else can. See {@linkcode SyncManager} for one with
 *   dicts, lists, locks and queues.
 * - One program starts the server by `start`; others `connect`. Or a program serves by itself: `get_server`.
 * - Only methods that are exposed can be called, by default the public ones; nothing that arrives is evaluated.
 *   Whoever has the key can make every object and call all of those methods: give it to those whom you trust. The
 *   calls are not encrypted: beyond one machine, use it in a network that you trust.
 * - The calls of a client are begun in their order, and one that waits keeps no other waiting. A client that ends
 *   gives back what it held: see `lock.abandoned`.
 * - The server ends with the program that has started it, if not before, by `shutdown`.
 *
 * Semantics: CPython's `multiprocessing.managers.BaseManager`.
 *
 * @example
 * ```ts
 * import { BaseManager } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * class Managers extends BaseManager {
 *   declare Cache: () => Promise<{
 *     set(key: string, value: unknown): Promise<void>;
 *     get(key: string): Promise<unknown>;
 *   }>;
 * }
 * Managers.register("Cache", () => new Map(), { exposed: ["get", "set"] });
 *
 * await using manager = await new Managers().start();
 * const cache = await manager.Cache();
 * await cache.set("sheep", 7);
 * assertEquals(await cache.get("sheep"), 7);
 * ```
 */
export class BaseManager implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #authkey: Uint8Array;
  readonly #longestShutdown: number;
  #address: Address | undefined;
  /** That of the server's socket, where it has one of its own. */
  #folder: string | undefined = undefined;
  #state: State = "initial";
  #process: ServerProcess | undefined = undefined;
  #connection: ObjectConnection | undefined = undefined;
  #shutdown: Promise<void> | undefined = undefined;

  /** Which types `new.target` has of Herd's own; for `SyncManager`. */
  protected static readonly hasOwnTypes: boolean = false;

  /**
   * Registers a type with this class and its subclasses. Managers that are made of them then have a method of
   * that name.
   *
   * @param typeid Its name.
   * @param callable What makes an object: a function, or `task(url, "name")` for a function or class that a module
   * exports. May be left out by who only connects.
   * @param options What can be called of it.
   * @throws {TypeError} When an argument is of the wrong type, or the callable can't be sent.
   * @throws {ValueError} When a manager has that name already.
   */
  static register(
    typeid: string,
    callable?: ManagerCallable,
    options: RegisterOptions = {},
  ): void {
    registerType(this, typeid, callable, options);
    if (options.create_method === false) return;
    Object.defineProperty(this.prototype, typeid, {
      value(this: BaseManager, ...args: unknown[]) {
        return this._create(typeid, args);
      },
      configurable: true,
      writable: true,
    });
  }

  /**
   * Makes a manager that is not connected to any server.
   *
   * @param options Where its server is, or is to be, and what it may do.
   * @throws {TypeError} When an option is unknown or of the wrong type.
   * @throws {ValueError} When one is out of range.
   */
  constructor(options: ManagerOptions = {}) {
    const what = `make a ${this.constructor.name}`;
    checkOptions(what, options, RULES);
    const { address, authkey, shutdown_timeout = LONGEST_SHUTDOWN, ctx, ...rest } = options;
    this.#address = address === undefined ? undefined : checkedAddress(what, address);
    if (authkey !== undefined) checkKey(what, authkey);
    this.#authkey = authkey?.slice() ?? current_process().authkey;
    this.#longestShutdown = shutdown_timeout;
    this.#options = { ...rest, context: ctx };
  }

  /** Where the server listens; `null` while that is not known. */
  get address(): Address | null {
    return this.#address ?? null;
  }

  /** The key. */
  get authkey(): Uint8Array {
    return this.#authkey.slice();
  }

  /**
   * Starts a process with the server, and connects to it.
   *
   * @param options What the process is to call first.
   * @returns This manager, for `await using manager = await new MyManager().start()`.
   * @throws {ProcessError} When it was started, connected or shut down before, or the process ends meanwhile.
   * @throws {TypeError} When the initializer is no callable.
   * @throws {RuntimeError} As `Process.start`.
   * @throws What the initializer throws, or listening.
   */
  async start(options: ManagerStartOptions = {}): Promise<this> {
    const what = `start a ${this.constructor.name}`;
    checkOptions(what, options, START_RULES);
    this.#begin(what, "starting");
    try {
      const { where, folder } = placeFor(this.#address);
      this.#folder = folder;
      const setup = await serverSetup(registeredWith(this.constructor), options, {
        hasOwnTypes: (this.constructor as typeof BaseManager).hasOwnTypes,
        address: where,
        authkey: this.#authkey,
      });
      this.#checkStarting(what);
      const news = new Queue<ServerNews>();
      const process = this.#process = new ServerProcess(
        setup,
        news,
        this.constructor.name,
        this.#options,
      );
      process.start();
      this.#address = addressIn(await newsOf(process, news, what));
      await this.#connect(what, {});
      this.#state = "started";
      return this;
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  /**
   * Connects to a server that another program has started.
   *
   * @param limits How long to try, in milliseconds, and a signal.
   * @returns This manager.
   * @throws {ProcessError} When it was started, connected or shut down before, or is meanwhile.
   * @throws {ValueError} When it was made without an address.
   * @throws {AuthenticationError} When the server has another key.
   * @throws {OSError} When no manager is there.
   * @throws {TimeoutError} When it takes longer than that.
   * @throws {CancelledError} When the signal was aborted.
   */
  async connect(limits: WaitLimit = {}): Promise<this> {
    const what = `connect a ${this.constructor.name}`;
    checkArgument(what, "address", this.#address, {
      wanted: "the address of a server, given to the constructor,",
      allows: (address) => address !== undefined,
    });
    this.#begin(what, "starting");
    try {
      await this.#connect(what, limits);
      this.#state = "connected";
      return this;
    } catch (error) {
      if (this.#state === "starting") this.#state = "initial";
      throw error;
    }
  }

  async #connect(what: string, { timeout, signal }: WaitLimit): Promise<void> {
    const address = this.#address!;
    const end = timeout === undefined ? undefined : performance.now() + timeout;
    const client = await Client(address, { authkey: this.#authkey, timeout, signal });
    const name = `the manager at ${showAddress(address)}`;
    const connection = new ObjectConnection(client, { name });
    useProxyTypes(connection.port, this.#proxyTypes());
    const late = Promise.withResolvers<never>();
    const rest = end === undefined ? undefined : Math.max(0, end - performance.now());
    const stop = limit({ timeout: rest, signal }, (why) =>
      late.reject(
        why === "aborted" ? abortedError("connect", signal!) : new TimeoutError(
          `Cannot connect to ${name}: it has not answered within ${timeout} ms`,
        ),
      ));
    try {
      // Whether that is a manager.
      await Promise.race([connection.port.call(ROOT, "dummy", []), late.promise]);
      this.#checkStarting(what);
    } catch (error) {
      await connection.close();
      throw error;
    } finally {
      stop();
    }
    this.#connection = connection;
  }

  /** Throws when it was shut down meanwhile. */
  #checkStarting(what: string): void {
    if (this.#state !== "starting") throw new ProcessError(`Cannot ${what}: it was shut down`);
  }

  #proxyTypes(): ReadonlyMap<string, ProxyClass> {
    const types = new Map<string, ProxyClass>();
    for (const [typeid, { proxytype }] of registeredWith(this.constructor)) {
      if (proxytype !== undefined) types.set(typeid, proxytype);
    }
    return types;
  }

  #begin(what: string, state: State): void {
    if (this.#state !== "initial") {
      const reason = this.#state === "shut down" ? "it has been shut down" : `it is ${this.#state}`;
      throw new ProcessError(`Cannot ${what}: ${reason}: make another`);
    }
    this.#state = state;
  }

  /**
   * A server in this process, instead of one of its own. It listens from now on, and serves once
   * `serve_forever` is called.
   *
   * @returns The server.
   * @throws {ProcessError} When the manager was started, connected or shut down before.
   * @throws {OSError} When the address is in use.
   */
  async get_server(): Promise<Server> {
    this.#begin(`serve as a ${this.constructor.name}`, "serving");
    const entries: [string, ManagerType][] = [];
    for (const [typeid, registered] of registeredWith(this.constructor)) {
      const type = await typeHere(registered);
      if (type !== undefined) entries.push([typeid, type]);
    }
    const own = (this.constructor as typeof BaseManager).hasOwnTypes ? ownTypes(lateTypes()) : [];
    const server = new ObjectServer(
      new ManagerTypes([...own, ...entries]),
      this.#address,
      this.#authkey,
    );
    this.#address = server.address;
    return {
      address: server.address,
      serve_forever: () => server.serve(),
      stop: () => server.stop(),
    };
  }

  /**
   * Makes an object of a registered type: what the methods are made of that `register` adds.
   *
   * @param typeid The type's name.
   * @param args What it is made of.
   * @returns A proxy of it.
   * @throws {RuntimeError} When the manager has not started and is not connected.
   * @throws {RemoteError} When the server has no such type.
   * @throws {EOFError} When the server is gone.
   * @throws What making it throws.
   */
  async _create(typeid: string, args: readonly unknown[] = []): Promise<unknown> {
    return await this.#ask(`create ${typeid}`, "create", [typeid, args]);
  }

  /**
   * How many objects clients have proxies of: Python's `_number_of_objects`, for tests.
   *
   * @returns The number.
   * @throws {RuntimeError} When the manager has not started and is not connected.
   */
  async _number_of_objects(): Promise<number> {
    return await this.#ask("count objects", "number_of_objects", []) as number;
  }

  async #ask(what: string, method: string, args: readonly unknown[]): Promise<unknown> {
    const connection = this.#connection;
    if (connection === undefined) {
      throw new RuntimeError(
        `Cannot ${what}: the manager ${
          this.#state === "shut down" ? "has been shut down" : "has not started"
        }: await manager.start() or manager.connect() before`,
      );
    }
    return (await connection.port.call(ROOT, method, args)).value;
  }

  /**
   * Waits for the server's process to end.
   *
   * @param timeout Milliseconds after which to wait no longer.
   * @throws {RuntimeError} When this manager has started none.
   */
  async join(timeout?: number): Promise<void> {
    checkTimeout(timeout);
    if (this.#process === undefined) {
      throw new RuntimeError("Cannot join a manager: it has started no process");
    }
    await this.#process.join(timeout);
  }

  /**
   * Ends the server, if this manager has started it, and in any case the connection to it. Its process is told
   * to, and made to when it does not within `shutdown_timeout`. Calls under way fail. To do it again is fine.
   */
  shutdown(): Promise<void> {
    return this.#shutdown ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#state = "shut down";
    try {
      await this.#endServer();
    } finally {
      if (this.#folder !== undefined) removeNow(this.#folder);
    }
  }

  async #endServer(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    const process = this.#process;
    if (process === undefined || process.exitcode !== null || process.pid === null) {
      await connection?.close();
      return;
    }
    if (connection === undefined) process.terminate();
    else await within(this.#longestShutdown, connection.port.call(ROOT, "shutdown", []));
    await connection?.close();
    await process.join(this.#longestShutdown);
    if (process.is_alive()) process.terminate();
    await process.join(this.#longestShutdown);
    if (process.is_alive()) process.kill();
    await process.join();
  }

  /** Shuts it down. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

/** Waits so long, whatever comes of it. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const stop = after(ms, late.resolve);
  await Promise.race([promise.catch(() => {}), late.promise]);
  stop();
}

/** A type for a server in this process. */
async function typeHere(
  { callable, exposed, method_to_typeid }: Registered,
): Promise<ManagerType | undefined> {
  if (callable === undefined) return undefined;
  const make = typeof callable === "function"
    ? callable
    : (await thisResolver().resolve(await descriptionOf(callable))).fn;
  return { make, exposed: exposed ?? null, method_to_typeid: method_to_typeid ?? {} };
}
