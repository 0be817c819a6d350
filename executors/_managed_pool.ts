/**
 * A pool in a manager: what its proxies call.
 *
 * Functions come by reference, and only to modules that the manager's process knows: that of its program, those
 * listed in its `modules`, and those of what is registered with it. No other is loaded, whoever has the key.
 */

import { itemsOf } from "../ipc/managers/_server_arguments.ts";
import { type Callable, type ReferenceRecord, referenceTo } from "../ipc/values/_known_exports.ts";
import { FROM, type Told } from "../ipc/managers/_referents.ts";
import { lineageFrom } from "../ipc/workers/_lineage.ts";
import { mayRefer } from "../ipc/values/_referred_function.ts";
import { Reference } from "../ipc/values/_task_reference.ts";
import { aTypeOf, checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import { AsyncResult } from "./async_result.ts";
import { waitOnBehalf } from "./base_pool.ts";
import { Pool } from "./pool.ts";

type Fn = Reference<never[], unknown>;
type Args = readonly unknown[];
type Items = Iterable<unknown>;

const RULES: OptionRules = {
  processes: integerFrom(1),
  maxtasksperchild: integerFrom(1),
  initializer: aTypeOf("task(url, function)", () => true),
  initargs: aTypeOf("an array", Array.isArray),
};

/** How a pool in a manager is made. */
interface Settings {
  processes?: number;
  maxtasksperchild?: number;
  initializer?: unknown;
  initargs?: Args;
}

/** See the head of the file, and `PoolProxy` for its methods. */
export class ManagedPool implements Told {
  readonly #pool: Pool;

  constructor(processes?: number | Settings) {
    const settings = typeof processes === "object" ? processes : { processes };
    checkOptions("make a Pool", settings, RULES);
    const { initializer, ...rest } = settings as Settings;
    this.#pool = new Pool({
      ...rest as object,
      ...(initializer === undefined ? {} : { initializer: known("make a Pool", initializer) }),
    });
  }

  /** A task of the pool that waits for it gets to know when it would wait for ever. */
  [FROM](from: unknown, method: string, call: () => unknown): unknown {
    return waitsIn(WAITING, this.#pool, from, method, call);
  }

  apply(fn: unknown, args: Args = [], options: object = {}): Promise<unknown> {
    return this.#pool.apply(known("apply a function", fn), args as never[], options as never);
  }

  apply_async(fn: unknown, args: Args = [], options: object = {}): ManagedResult {
    const call = known("apply a function", fn);
    return new ManagedResult(
      this.#pool,
      this.#pool.apply_async(call, args as never[], options as never),
    );
  }

  map(fn: unknown, items: Items, options: object = {}): Promise<unknown[]> {
    return this.#pool.map(known("map a function", fn) as never, whole(items), options);
  }

  map_async(fn: unknown, items: Items, options: object = {}): ManagedResult {
    const call = known("map a function", fn);
    return new ManagedResult(
      this.#pool,
      this.#pool.map_async(call as never, whole(items), options),
    );
  }

  starmap(fn: unknown, items: Iterable<never[]>, options: object = {}): Promise<unknown[]> {
    return this.#pool.starmap(known("map a function", fn), whole(items), options);
  }

  starmap_async(fn: unknown, items: Iterable<never[]>, options: object = {}): ManagedResult {
    const call = known("map a function", fn);
    return new ManagedResult(this.#pool, this.#pool.starmap_async(call, whole(items), options));
  }

  imap(fn: unknown, items: Items, options: object = {}): ManagedResults {
    const call = known("map a function", fn);
    return new ManagedResults(this.#pool, this.#pool.imap(call as never, whole(items), options));
  }

  imap_unordered(fn: unknown, items: Items, options: object = {}): ManagedResults {
    const call = known("map a function", fn);
    return new ManagedResults(
      this.#pool,
      this.#pool.imap_unordered(call as never, whole(items), options),
    );
  }

  close(): void {
    this.#pool.close();
  }

  terminate(): void {
    this.#pool.terminate();
  }

  join(): Promise<void> {
    return this.#pool.join();
  }
}

/** An {@linkcode AsyncResult} that is no promise, so that it can be the result of a call. */
export class ManagedResult implements Told {
  readonly #pool: Pool;
  readonly #result: AsyncResult<unknown>;

  constructor(pool: Pool, result: AsyncResult<unknown>) {
    if (!(result instanceof AsyncResult)) {
      throw new TypeError("Cannot make an AsyncResult: only pools do");
    }
    this.#pool = pool;
    this.#result = result;
  }

  [FROM](from: unknown, method: string, call: () => unknown): unknown {
    // What is there is not waited for.
    if (this.#result.ready()) return call();
    return waitsIn(WAITING_FOR_RESULT, this.#pool, from, method, call);
  }

  get(timeout?: number): Promise<unknown> {
    return this.#result.get(timeout);
  }

  wait(timeout?: number): Promise<void> {
    return this.#result.wait(timeout);
  }

  ready(): boolean {
    return this.#result.ready();
  }

  successful(): boolean {
    return this.#result.successful();
  }
}

/** The results of an `imap`, one by one. */
class ManagedResults implements Told, AsyncIterableIterator<unknown> {
  readonly #pool: Pool;
  readonly #results: AsyncIterableIterator<unknown>;

  constructor(pool: Pool, results: AsyncIterableIterator<unknown>) {
    this.#pool = pool;
    this.#results = results;
  }

  [FROM](from: unknown, method: string, call: () => unknown): unknown {
    return waitsIn(WAITING_FOR_RESULTS, this.#pool, from, method, call);
  }

  next(): Promise<IteratorResult<unknown>> {
    return this.#results.next();
  }

  async return(): Promise<IteratorResult<unknown>> {
    return await this.#results.return?.() ?? { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The methods that wait for the pool's work. */
const WAITING: ReadonlySet<string> = new Set(["apply", "map", "starmap", "join"]);
const WAITING_FOR_RESULT: ReadonlySet<string> = new Set(["get", "wait"]);
const WAITING_FOR_RESULTS: ReadonlySet<string> = new Set(["next"]);

function waitsIn(
  waiting: ReadonlySet<string>,
  pool: Pool,
  from: unknown,
  method: string,
  call: () => unknown,
): unknown {
  if (!waiting.has(method)) return call();
  return waitOnBehalf(pool, lineageFrom(from), call as () => Promise<unknown>);
}

/** Items, checked where they can be gone through: see there. What can't be is for the pool to refuse. */
function whole<T>(items: T): T {
  if (typeof items === "object" && items !== null && Symbol.iterator in items) {
    itemsOf("map a function", items);
  }
  return items;
}

/**
 * The function that was sent, as one that a pool takes.
 *
 * @throws {TypeError} When it is of a module that is not known here.
 */
function known(what: string, fn: unknown): Fn {
  const record: ReferenceRecord | undefined = fn instanceof Reference
    ? Reference.recordOf(fn)
    : typeof fn === "function"
    ? referenceTo(fn as Callable)
    : undefined;
  if (record === undefined) {
    throw new TypeError(
      `Cannot ${what} in a manager: ${typeof fn} is none that it can find: task(url, function) is wanted`,
    );
  }
  const { url, name, text } = record;
  if (mayRefer(url)) return new Reference(url, name, null, text);
  throw new TypeError(
    `Cannot ${what} in a manager: ${name} is of a module that it does not know: list ${url} in the ` +
      `manager's modules`,
  );
}
