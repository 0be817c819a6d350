/**
 * What stands for an object that lives in a manager.
 *
 * @module
 */

import { numberOf } from "../sync/_object_number.ts";
import { registerShareable } from "../sync/_shareable.ts";
import { RuntimeError } from "../sync/errors.ts";
import {
  allows,
  callReferent,
  factsOf,
  FROM,
  isReserved,
  isSpecial,
  ITERATE,
  PROXY,
  VALUE,
} from "./managers/_referents.ts";
import { type Home, homeOf } from "./objects/_remote_object.ts";
import { lineage } from "./workers/_lineage.ts";

/** What a proxy is made of; only Herd makes such. */
export interface ProxySource {
  /** The name under which its type was registered. */
  readonly typeid: string;
  /** The methods that it has there. */
  readonly exposed: readonly string[];
}

/** A class of proxies. */
export type ProxyClass = new (source: ProxySource) => BaseProxy;

/**
 * An object of a class that lives elsewhere, as its proxies have it: every public method gives a promise; who is
 * iterable is asynchronously so, and what a method returns that is an iterator, too.
 *
 * Overloads and type parameters of methods are lost: TypeScript has no way to keep them.
 */
export type Proxied<T> =
  & BaseProxy
  & {
    readonly [
      K in keyof T as T[K] extends (...args: never[]) => unknown
        ? K extends `_${string}` | symbol | number | "then" | keyof typeof Object.prototype ? never
        : K
        : never
    ]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Arriving<Awaited<R>>>
      : never;
  }
  & (T extends Iterable<infer I> ? AsyncIterable<I>
    : T extends AsyncIterable<infer I> ? AsyncIterable<I>
    : unknown);

/** What a result is where it arrives. */
export type Arriving<R> = R extends IteratorObject<infer I> ? BaseProxy & AsyncIterable<I>
  : R extends AsyncIteratorObject<infer I> ? BaseProxy & AsyncIterable<I>
  : R;

/**
 * Stands for an object that lives elsewhere: Python's `multiprocessing.managers.BaseProxy`. Its methods are calls
 * to where that is, and give promises.
 *
 * - It can be passed to threads and processes, put into queues, and given back to its manager, where it becomes
 *   the object itself. The same object arrives as the same proxy in one thread.
 * - The object lives for as long as anybody has a proxy of it, or another object there refers to it. A proxy that
 *   was collected, disposed of, or whose process has ended is none.
 * - What a method throws arrives with its class, message and the stack of where it was thrown. What is wrong with
 *   the call itself is a {@linkcode RemoteError}.
 *
 * A subclass may be given to `BaseManager.register` as `proxytype`. It has no constructor of its own.
 *
 * Semantics: CPython's `multiprocessing.managers.BaseProxy`.
 *
 * @example
 * ```ts
 * import { Manager } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using manager = await Manager();
 * const flock = await manager.list(["Dolly"]);
 * await flock.append("Molly");
 * assertEquals(await flock._getvalue(), ["Dolly", "Molly"]);
 * assertEquals(String(flock), "<ListProxy object, typeid 'list'>");
 * ```
 */
export class BaseProxy implements Disposable {
  readonly #source: ProxySource;
  #isDisposed = false;

  /** For Herd: use what a manager gives. */
  constructor(source: ProxySource) {
    this.#source = source;
  }

  /**
   * Calls a method: what a proxy's own methods are made of.
   *
   * @param methodname The method.
   * @param args Its arguments.
   * @returns What it returns.
   * @throws {RemoteError} When the object has no such method, or the result can't be sent.
   * @throws {EOFError} When the manager is gone.
   * @throws {RuntimeError} When the proxy has been disposed of.
   * @throws What the method throws.
   */
  async _callmethod(methodname: string, args: readonly unknown[] = []): Promise<unknown> {
    const isTold = this.#source.exposed.includes(FROM) && !isSpecial(methodname);
    return await this.#call(methodname, isTold ? [lineage(), ...args] : args);
  }

  /** Calls a method, perhaps for another realm, which has said what there is to say. */
  async #call(methodname: string, args: readonly unknown[]): Promise<unknown> {
    const home = homeOf(this);
    if (home === undefined || this.#isDisposed) {
      throw new RuntimeError(
        `Cannot call ${methodname}: ${this} ${
          home === undefined ? "was not made by a manager" : "has been disposed of"
        }`,
      );
    }
    return (await home.port.call(home.id, methodname, args)).value;
  }

  /**
   * A copy of the object: of a container what is in it, of any other its public fields.
   *
   * @returns The copy, as plain data.
   * @throws {RemoteError} When it can't be sent.
   */
  _getvalue(): Promise<unknown> {
    return this._callmethod(VALUE);
  }

  /**
   * Lets go of the object now instead of when the proxy is collected; calls are refused from then on. The same
   * object may arrive again, as another proxy.
   */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    const home = homeOf(this);
    home?.port.release?.(home.id);
  }

  /**
   * What it stands for.
   *
   * @returns For example `<ListProxy object, typeid 'list'>`.
   */
  toString(): string {
    return `<${this.constructor.name} object, typeid '${this.#source.typeid}'>`;
  }

  /** How `console.log` shows it. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  static {
    registerShareable<BaseProxy>({
      name: PROXY,
      prototype: BaseProxy.prototype,
      variety: {
        facts(object) {
          if (!isProxy(object)) return factsOf(object);
          const { typeid, exposed } = object.#source;
          return [typeid, exposed];
        },
        standIn: (facts, home) => {
          const [typeid, exposed] = facts as [string, readonly string[]];
          const source: ProxySource = { typeid, exposed };
          return new (proxyTypes.get(home as Home)?.get(typeid) ?? classFor(source))(source);
        },
        allows: (object, method) =>
          isProxy(object) ? object.#source.exposed.includes(method) : allows(object, method),
        call: (object, method, args) =>
          isProxy(object) ? object.#call(method, args) : callReferent(object, method, args),
      },
      id: numberOf,
      data: refuse,
      make: refuse,
    });
  }
}

/** Whether an object stands for another; else it is one. */
function isProxy(object: object): object is BaseProxy {
  return homeOf(object) !== undefined;
}

/** Never asked: it goes by its number, wherever it goes. */
function refuse(): never {
  throw new TypeError("Cannot send an object of a manager by its memory: it has none");
}

/** The classes of proxies that were registered, by the way on which they arrive. */
const proxyTypes = new WeakMap<Home, ReadonlyMap<string, ProxyClass>>();

/** Has proxies that arrive by `home` be of these classes, by their type. */
export function useProxyTypes(home: Home, types: ReadonlyMap<string, ProxyClass>): void {
  proxyTypes.set(home, types);
}

/** The classes of proxies that were made, by all that their objects have in common. */
const classes = new Map<string, ProxyClass>();

/** A class of proxies with these methods. */
function classFor({ typeid, exposed }: ProxySource): ProxyClass {
  const key = JSON.stringify([typeid, exposed]);
  let known = classes.get(key);
  if (known === undefined) {
    known = makeClass(typeid, exposed);
    classes.set(key, known);
  }
  return known;
}

function makeClass(typeid: string, exposed: readonly string[]): ProxyClass {
  const Class = class extends BaseProxy {};
  const name = `${typeid.charAt(0).toUpperCase()}${typeid.slice(1)}Proxy`;
  Object.defineProperty(Class, "name", { value: name });
  const define = (key: PropertyKey, value: unknown) =>
    Object.defineProperty(Class.prototype, key, { value, configurable: true, writable: true });
  for (const method of exposed) {
    if (isReserved(method) || method in BaseProxy.prototype || isSpecial(method)) continue;
    define(method, function (this: BaseProxy, ...args: unknown[]) {
      return this._callmethod(method, args);
    });
  }
  if (exposed.includes(ITERATE)) define(Symbol.asyncIterator, iterate);
  return Class;
}

/** Asks for one element after another, so that what happens meanwhile is seen. */
async function* iterate(this: BaseProxy): AsyncGenerator<unknown, void, void> {
  using iterator = await this._callmethod(ITERATE) as BaseProxy;
  let isDone = false;
  try {
    while (!isDone) {
      const next = await iterator._callmethod("next") as IteratorResult<unknown>;
      isDone = next.done === true;
      if (!isDone) yield next.value;
    }
  } catch (error) {
    isDone = true;
    throw error;
  } finally {
    if (!isDone) iterator._callmethod("return").catch(() => {});
  }
}
