/**
 * A pool in a manager: what its proxies call.
 *
 * Functions come by reference, and only to modules that the manager's process knows: that of its program, those
 * listed in its `modules`, and those of what is registered with it. No other is loaded, whoever has the key.
 */

import { type Callable, type ReferenceRecord, referenceTo } from "../ipc/values/_known_exports.ts";
import { mayRefer } from "../ipc/values/_referred_function.ts";
import { Reference } from "../ipc/values/_task_reference.ts";
import { aTypeOf, checkOptions, integerFrom, type OptionRules } from "../sync/_options.ts";
import { AsyncResult } from "./async_result.ts";
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
export class ManagedPool {
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

  apply(fn: unknown, args: Args = [], options: object = {}): Promise<unknown> {
    return this.#pool.apply(known("apply a function", fn), args as never[], options as never);
  }

  apply_async(fn: unknown, args: Args = [], options: object = {}): ManagedResult {
    const call = known("apply a function", fn);
    return new ManagedResult(this.#pool.apply_async(call, args as never[], options as never));
  }

  map(fn: unknown, items: Items, options: object = {}): Promise<unknown[]> {
    return this.#pool.map(known("map a function", fn) as never, items, options);
  }

  map_async(fn: unknown, items: Items, options: object = {}): ManagedResult {
    const call = known("map a function", fn);
    return new ManagedResult(this.#pool.map_async(call as never, items, options));
  }

  starmap(fn: unknown, items: Iterable<never[]>, options: object = {}): Promise<unknown[]> {
    return this.#pool.starmap(known("map a function", fn), items, options);
  }

  starmap_async(fn: unknown, items: Iterable<never[]>, options: object = {}): ManagedResult {
    const call = known("map a function", fn);
    return new ManagedResult(this.#pool.starmap_async(call, items, options));
  }

  imap(fn: unknown, items: Items, options: object = {}): AsyncIterable<unknown> {
    return this.#pool.imap(known("map a function", fn) as never, items, options);
  }

  imap_unordered(fn: unknown, items: Items, options: object = {}): AsyncIterable<unknown> {
    return this.#pool.imap_unordered(known("map a function", fn) as never, items, options);
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
export class ManagedResult {
  readonly #result: AsyncResult<unknown>;

  constructor(result: AsyncResult<unknown>) {
    if (!(result instanceof AsyncResult)) {
      throw new TypeError("Cannot make an AsyncResult: only pools do");
    }
    this.#result = result;
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
