/**
 * A queue with nothing but `put` and `get`.
 *
 * @module
 */

import { kindOf, registerShareable } from "../sync/_shareable.ts";
import { OSError } from "./errors.ts";
import { Queue } from "./queue.ts";

/** Those that were closed here, also such as live in another process. */
const closed = new WeakSet<object>();

function closedError(what: string): OSError {
  return new OSError(`Cannot ${what}: the queue was closed here`);
}

/**
 * Python's `multiprocessing.SimpleQueue`: items go in at one end and come out at the other; no limit, no
 * time-outs.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - What holds for the items of a {@linkcode Queue} holds for its items.
 *
 * Semantics: CPython's `multiprocessing.SimpleQueue`.
 *
 * @typeParam T The items.
 *
 * @example
 * ```ts
 * import { SimpleQueue, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new SimpleQueue<string>();
 * await using executor = new ThreadPoolExecutor(1);
 * await executor.submit((queue: SimpleQueue<string>) => queue.put("done"), queue);
 * assertEquals(await queue.get(), "done");
 * ```
 */
export class SimpleQueue<T = unknown> implements Disposable {
  #queue: Queue<T> = new Queue<T>();

  static {
    registerShareable<SimpleQueue<unknown>>({
      name: "SimpleQueue",
      prototype: SimpleQueue.prototype,
      meets: true,
      refuses: (simple) => closed.has(simple) ? closedError("use a queue") : undefined,
      id: (simple) => kindOf(simple.#queue)!.id(simple.#queue),
      data: (simple) => kindOf(simple.#queue)!.data(simple.#queue),
      make(memory) {
        const simple = new SimpleQueue();
        simple.#queue = kindOf(simple.#queue)!.make(memory) as Queue<unknown>;
        return simple;
      },
    });
  }

  /**
   * Puts an item.
   *
   * @param item What is copied.
   * @throws {OSError} When the queue was closed here.
   * @throws {DOMException} `DataCloneError`, when something in the item can't be sent.
   */
  async put(item: T): Promise<void> {
    this.#check("put an item");
    await this.#queue.put(item);
  }

  /**
   * Puts an item, and makes no promise of it.
   *
   * @param item What is copied.
   * @throws {OSError} When the queue was closed here.
   * @throws {DOMException} `DataCloneError`, when something in the item can't be sent.
   */
  putSync(item: T): void {
    this.#check("put an item");
    this.#queue.putSync(item);
  }

  /**
   * Takes the oldest item, once there is one.
   *
   * @returns The item.
   * @throws {OSError} When the queue was closed here.
   */
  async get(): Promise<T> {
    this.#check("get an item");
    return await this.#queue.get();
  }

  /**
   * Takes the oldest item, once there is one, and blocks the thread meanwhile.
   *
   * @returns The item.
   * @throws {OSError} When the queue was closed here.
   */
  getSync(): T {
    this.#check("get an item");
    return this.#queue.getSync();
  }

  /**
   * Whether there is no item.
   *
   * @returns A promise of it, for the sake of queues in another process.
   * @throws {OSError} As a rejection, when the queue was closed here.
   */
  async empty(): Promise<boolean> {
    this.#check("look into a queue");
    return await this.#queue.empty();
  }

  /**
   * Whether there is no item.
   *
   * @throws {OSError} When the queue was closed here.
   */
  emptySync(): boolean {
    this.#check("look into a queue");
    return this.#queue.emptySync();
  }

  /** Nothing is put or got here any more: by this thread, with this object. To close it again is fine. */
  close(): void {
    closed.add(this);
  }

  /** Closes the queue here. */
  [Symbol.dispose](): void {
    this.close();
  }

  #check(what: string): void {
    if (closed.has(this)) throw closedError(what);
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    return `SimpleQueue { ${this.#queue.qsizeSync()} items }`;
  }
}
