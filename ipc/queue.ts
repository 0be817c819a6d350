/**
 * Queues between threads and processes.
 *
 * @module
 */

import { deadlineOf, deadlineOfSync, driveAsync, driveSync, isOver } from "../sync/_drive.ts";
import { isSelf, whoCalls } from "../sync/_identity.ts";
import { checkArgument, checkOptions } from "../sync/_options.ts";
import { registerShareable } from "../sync/_shareable.ts";
import { RuntimeError, ValueError } from "../sync/errors.ts";
import {
  incomingSlip,
  isAtHand,
  itemFromBytes,
  itemToBytes,
  itemWasPut,
  kept,
} from "./queues/_item_bytes.ts";
import { unknownObject } from "./queues/_item_carrier.ts";
import {
  allocateMailbox,
  type ChoosyEnd,
  type GetEnd,
  Mailbox,
  type MailboxMemory,
} from "./queues/_mailbox.ts";
import {
  A_BOOLEAN,
  behindChild,
  behindItself,
  closedError,
  GET,
  MAXSIZE,
  notPut,
  NOW,
  PUT,
  queueDeadline,
  type QueueOptions,
  type QueueSyncOptions,
  RULES,
  shutDown,
  SYNC_RULES,
} from "./queues/_queue_calls.ts";
import { isLentFromHere } from "./queues/_queue_leases.ts";
import type { Slip } from "./queues/_slip.ts";
import { Empty, ShutDown } from "./queue_errors.ts";

export type { QueueOptions, QueueSyncOptions } from "./queues/_queue_calls.ts";

/** Objects that stand for queues of another process, and were closed here: there they are not. */
const closedElsewhere = new WeakSet<object>();

let mailboxOf: (queue: Queue<unknown>) => Mailbox;
let attach: (queue: Queue<unknown>, memory: MailboxMemory) => void;

/**
 * Python's `multiprocessing.Queue`: items go in at one end and come out at the other, for any number of
 * producers and consumers.
 *
 * - One object serves all threads, and child processes that it is passed to.
 * - Items are copied as {@linkcode Queue.put} is called, so that later changes do not matter. What structured
 *   clone keeps is kept; memory, ports and streams can't be items, shared objects can.
 * - What one thread puts is got in that order. An item goes to one consumer; those that wait are told in order
 *   of arrival, and one that comes just then may be quicker.
 * - A thread or process that dies takes with it the item that it was putting or had just got, and no other.
 *
 * Semantics: CPython's `multiprocessing.Queue`, with `shutdown` of `queue.Queue`. There is no feeder thread: an
 * item can be got as soon as it was put, and one that can't be sent is an error of `put`.
 *
 * @typeParam T The items.
 *
 * @example
 * ```ts
 * import { Queue, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new Queue<number>();
 * await using executor = new ThreadPoolExecutor(1);
 * const sum = executor.submit(async (queue: Queue<number>) => {
 *   let sum = 0;
 *   for await (const item of queue) sum += item;
 *   return sum;
 * }, queue);
 * for (const item of [1, 2, 3]) await queue.put(item);
 * await queue.shutdown();
 * assertEquals(await sum, 6);
 * ```
 */
export class Queue<T = unknown> implements AsyncIterable<T> {
  #mailbox: Mailbox;
  #isClosed = false;
  /** Puts of this thread that wait without blocking it. */
  #pendingPuts = 0;

  static {
    mailboxOf = (queue) => queue.#mailbox;
    attach = (queue, memory) => queue.#mailbox = new Mailbox(memory);
  }

  /**
   * Makes a queue.
   *
   * @param maxsize How many items there may be; 0 or less for any number.
   * @throws {ValueError} When it is no integer.
   */
  constructor(maxsize: number = 0) {
    checkArgument(`make a ${new.target.name}`, "maxsize", maxsize, MAXSIZE);
    this.#mailbox = new Mailbox(allocateMailbox(Math.max(maxsize, 0)));
  }

  /**
   * Puts an item, once there is room.
   *
   * @param item What is copied.
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting; a `signal`.
   * @throws {Full} When there was no room in time.
   * @throws {ShutDown} When the queue was shut down.
   * @throws {ValueError} When it was closed here.
   * @throws {DOMException} `DataCloneError`, when something in the item can't be sent.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Queue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const queue = new Queue<string>();
   * await queue.put("item");
   * assertEquals(await queue.get(), "item");
   * ```
   */
  async put(item: T, options?: QueueOptions): Promise<void> {
    if (this.#isClosed && isSelf()) throw closedError("put an item");
    const deadline = queueDeadline(PUT, options, RULES);
    const { realm } = whoCalls();
    const message = itemToBytes(item);
    let end = this.#mailbox.tryPut(message);
    if (end === "full" && !isOver(deadline)) {
      this.#pendingPuts++;
      try {
        end = await driveAsync(this.#mailbox.put(kept(message), realm, deadline));
      } finally {
        this.#pendingPuts--;
      }
    }
    if (end !== "put") throw notPut(end, this.maxsize);
    itemWasPut(message);
  }

  /**
   * Puts an item, once there is room, and blocks the thread meanwhile.
   *
   * @param item What is copied.
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting.
   * @throws {Full} When there was no room in time.
   * @throws {ShutDown} When the queue was shut down.
   * @throws {ValueError} When it was closed here.
   * @throws {RuntimeError} When it would wait for ever, behind puts of this thread that do not block it.
   * @throws {DOMException} `DataCloneError`, when something in the item can't be sent.
   *
   * @example
   * ```ts
   * import { Queue } from "@herd/concurrent";
   * import { assertEquals } from "@std/assert";
   *
   * const queue = new Queue<string>();
   * queue.putSync("item");
   * assertEquals(queue.getSync(), "item");
   * ```
   */
  putSync(item: T, options?: QueueSyncOptions): void {
    if (this.#isClosed && isSelf()) throw closedError("put an item");
    const deadline = queueDeadline(PUT, options, SYNC_RULES);
    const message = itemToBytes(item);
    let end = this.#mailbox.tryPut(message);
    if (end === "full" && !isOver(deadline)) {
      this.#mailbox.linger();
      end = this.#mailbox.tryPut(message);
      if (end === "full") {
        if (this.#pendingPuts > 0 && deadline.until === Infinity) throw behindItself();
        // Nothing else of this thread runs meanwhile, so the message is what it is.
        end = driveSync(this.#mailbox.put(message, whoCalls().realm, deadline));
      }
    }
    if (end !== "put") throw notPut(end, this.maxsize);
    itemWasPut(message);
  }

  /**
   * Takes the oldest item, once there is one.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting; a `signal`.
   * @returns The item.
   * @throws {Empty} When there was none in time.
   * @throws {ShutDown} When the queue was shut down and has none any more.
   * @throws {ValueError} When it was closed here.
   * @throws {CancelledError} When the signal was aborted.
   *
   * @example
   * ```ts
   * import { Empty, Queue } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * await assertRejects(() => new Queue().get({ block: false }), Empty);
   * ```
   */
  async get(options?: QueueOptions): Promise<T> {
    if (this.#isClosed && isSelf()) throw closedError("get an item");
    const deadline = queueDeadline(GET, options, RULES);
    let end: GetEnd | Slip = this.#mailbox.tryGet(incomingSlip());
    if (end === "empty" && (!isOver(deadline) || this.#mailbox.isLeased)) {
      end = await driveAsync(this.#mailbox.get(whoCalls().realm, deadline));
    }
    return await this.#item(end);
  }

  #item(end: ChoosyEnd | Slip): T | Promise<T> {
    if (end === "empty") throw new Empty("Cannot get an item: there was none in time");
    if (end === "shut") throw shutDown("get an item", ", and it has none any more");
    if (end === "unsuited") throw unknownObject();
    return itemFromBytes(end) as T | Promise<T>;
  }

  /**
   * Takes the oldest item, once there is one, and blocks the thread meanwhile.
   *
   * @param options `block: false` or a `timeout` of 0 (milliseconds) to try without waiting.
   * @returns The item.
   * @throws {Empty} When there was none in time.
   * @throws {ShutDown} When the queue was shut down and has none any more.
   * @throws {ValueError} When it was closed here.
   * @throws {RuntimeError} When the oldest item has a shared object that this thread does not know yet; it stays
   * where it is. When it would wait for ever for items that a child process was sent ahead.
   *
   * @example
   * ```ts
   * import { Empty, Queue } from "@herd/concurrent";
   * import { assertThrows } from "@std/assert";
   *
   * assertThrows(() => new Queue().getSync({ timeout: 5 }), Empty);
   * ```
   */
  getSync(options?: QueueSyncOptions): T {
    if (this.#isClosed && isSelf()) throw closedError("get an item");
    const deadline = queueDeadline(GET, options, SYNC_RULES);
    let end: ChoosyEnd | Slip = this.#mailbox.tryGet(incomingSlip(), isAtHand);
    if (end === "empty" && (!isOver(deadline) || this.#mailbox.isLeased)) {
      this.#mailbox.linger();
      end = this.#mailbox.tryGet(incomingSlip(), isAtHand);
      if (end === "empty" && this.#mailbox.isLeased && isLentFromHere(this)) {
        // It would wait for news that can't come in meanwhile.
        if (deadline.until === Infinity) throw behindChild();
      } else if (end === "empty") {
        end = driveSync(this.#mailbox.get(whoCalls().realm, deadline, isAtHand));
      }
    }
    return this.#item(end) as T;
  }

  /**
   * Puts an item if there is room: `put(item, { block: false })`.
   *
   * @param item What is copied.
   * @returns A promise that resolves once it is there.
   * @throws {Full} When there is no room.
   * @throws {ShutDown} When the queue was shut down.
   * @throws {ValueError} When it was closed here.
   * @throws {DOMException} `DataCloneError`, when something in the item can't be sent.
   */
  put_nowait(item: T): Promise<void> {
    return this.put(item, NOW);
  }

  /**
   * Takes the oldest item if there is one: `get({ block: false })`.
   *
   * @returns The item.
   * @throws {Empty} When there is none.
   * @throws {ShutDown} When the queue was shut down and has none.
   * @throws {ValueError} When it was closed here.
   */
  get_nowait(): Promise<T> {
    return this.get(NOW);
  }

  /** How many items may be in the queue; 0 for any number. */
  get maxsize(): number {
    return this.#mailbox.memory.maxsize;
  }

  /** How many items there are; others may put and get some meanwhile. */
  qsize(): Promise<number> {
    return Promise.resolve(this.qsizeSync());
  }

  /** How many items there are. */
  qsizeSync(): number {
    return this.#mailbox.count;
  }

  /** Whether there is no item. */
  empty(): Promise<boolean> {
    return Promise.resolve(this.emptySync());
  }

  /** Whether there is no item. */
  emptySync(): boolean {
    return this.#mailbox.count === 0;
  }

  /** Whether there is no room. */
  full(): Promise<boolean> {
    return Promise.resolve(this.fullSync());
  }

  /** Whether there is no room. */
  fullSync(): boolean {
    return this.#mailbox.isFull;
  }

  /**
   * Nothing is put or got here any more: by this thread, with this object. Others go on.
   *
   * @example
   * ```ts
   * import { Queue, ValueError } from "@herd/concurrent";
   * import { assertRejects } from "@std/assert";
   *
   * const queue = new Queue<number>();
   * queue.close();
   * await assertRejects(() => queue.put(1), ValueError);
   * ```
   */
  close(): void {
    if (#isClosed in this) this.#isClosed = true;
    else closedElsewhere.add(this);
  }

  /**
   * Waits until all that was put here can be got. That is at once: there is no feeder thread.
   *
   * @throws {RuntimeError} When the queue is not closed.
   */
  join_thread(): Promise<void> {
    const isClosed = #isClosed in this ? this.#isClosed : closedElsewhere.has(this);
    if (isClosed) return Promise.resolve();
    return Promise.reject(
      new RuntimeError("Cannot join the thread of a queue: close() is to come before"),
    );
  }

  /** For programs that were Python's: there is no feeder thread that could hold up an end. */
  cancel_join_thread(): void {}

  /**
   * Ends the queue for all: nothing can be put any more, and what is in it can be got.
   *
   * @param options `immediate` to drop what is in it.
   * @returns A promise of its being so, for the sake of queues in another process.
   *
   * @example
   * ```ts
   * import { Queue, ShutDown } from "@herd/concurrent";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * const queue = new Queue<number>();
   * await queue.put(1);
   * await queue.shutdown();
   * assertEquals(await queue.get(), 1);
   * await assertRejects(() => queue.get(), ShutDown);
   * ```
   */
  shutdown(options: { immediate?: boolean } = {}): Promise<void> {
    return Promise.try(() => {
      checkOptions("shut a queue down", options, { immediate: A_BOOLEAN });
      this.#mailbox.shut(options.immediate ?? false);
    });
  }

  /** The items, one after the other, until the queue is shut down and has none any more. */
  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      let item: T;
      try {
        item = await this.get();
      } catch (error) {
        if (error instanceof ShutDown) return;
        throw error;
      }
      yield item;
    }
  }

  /** How it is printed. */
  [Symbol.for("Deno.customInspect")](): string {
    const most = this.maxsize === 0 ? "" : `/${this.maxsize}`;
    const state = this.#mailbox.isShut ? ", shut down" : "";
    return `${this.constructor.name} { ${this.qsizeSync()}${most} items${state} }`;
  }
}

/**
 * Python's `multiprocessing.JoinableQueue`: a {@linkcode Queue} that knows which items are done.
 *
 * Semantics: CPython's `multiprocessing.JoinableQueue`.
 *
 * @typeParam T The items.
 *
 * @example
 * ```ts
 * import { JoinableQueue } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new JoinableQueue<number>();
 * await queue.put(1);
 * assertEquals(await queue.join({ timeout: 0 }), false); // one is not done
 *
 * await queue.get();
 * await queue.task_done();
 * assertEquals(await queue.join(), true);
 * ```
 */
export class JoinableQueue<T = unknown> extends Queue<T> {
  /**
   * An item that was got is done.
   *
   * @returns A promise of its being counted, for the sake of queues in another process.
   * @throws {ValueError} As a rejection, when it is called more often than items were put.
   */
  task_done(): Promise<void> {
    if (mailboxOf(this as Queue<unknown>).done()) return Promise.resolve();
    return Promise.reject(new ValueError("Cannot call an item done: all that were put are"));
  }

  /**
   * Waits until every item that was put is done.
   *
   * @param limit How long, in milliseconds, and a signal.
   * @returns Whether all were in time.
   * @throws {CancelledError} When the signal was aborted.
   */
  async join(limit?: Omit<QueueOptions, "block">): Promise<boolean> {
    const deadline = deadlineOf("join a queue", limit);
    return await driveAsync(mailboxOf(this as Queue<unknown>).join(whoCalls().realm, deadline));
  }

  /**
   * Waits until every item that was put is done, and blocks the thread meanwhile.
   *
   * @param limit How long, in milliseconds.
   * @returns Whether all were in time.
   */
  joinSync(limit?: Omit<QueueSyncOptions, "block">): boolean {
    const deadline = deadlineOfSync("join a queue", limit);
    return driveSync(mailboxOf(this as Queue<unknown>).join(whoCalls().realm, deadline));
  }
}

for (const constructor of [Queue, JoinableQueue]) {
  registerShareable<Queue<unknown>>({
    name: constructor.name,
    prototype: constructor.prototype,
    refuses(queue, method) {
      if (method !== "put" && method !== "get" || !closedElsewhere.has(queue)) return undefined;
      return closedError(`${method} an item`);
    },
    meets: true,
    facts: ["maxsize"],
    id: (queue) => mailboxOf(queue).id,
    data: (queue) => mailboxOf(queue).memory,
    make(memory) {
      const queue = new constructor();
      attach(queue, memory as MailboxMemory);
      return queue;
    },
  });
}
