/**
 * The side of a child that gets items of a queue of its parent's: those that were sent ahead
 * (`_queue_leases.ts`).
 *
 * - What has been taken is said before anything else is sent, so that whoever hears of this process knows of it,
 *   too; and when the event loop turns, or {@linkcode LATE} milliseconds have passed.
 * - If none was taken for a turn of the event loop, the rest goes back: who is slow gets one at a time.
 * - While a get waits that was sent, further ones are sent, too: they must not come before it.
 */

import { actsFor } from "../../sync/_identity.ts";
import { itemInWords } from "./_item_bytes.ts";
import { GET, queueDeadline, type QueueOptions, RULES } from "./_queue_calls.ts";
import type { TakenMessage } from "../objects/_object_protocol.ts";
import type { Several } from "./_queue_leases.ts";
import { GET_SEVERAL } from "../objects/_remote_methods.ts";
import type { Ahead } from "../objects/_remote_object.ts";

/** Milliseconds in which a child that does nothing but get says how far it is; a look at the clock every so often. */
const LATE = 1;
const OFTEN = 31;

/** Says how many items were taken, and whether the others are kept. */
type Report = (taken: number, keeps: boolean) => void;

/** See the head of the file. */
class ItemsAhead implements Ahead {
  readonly #report: Report;
  readonly #tookSome: () => void;
  /** Those that are there, and where the next one is. */
  #words = new Int32Array(0);
  #at = 0;
  #left = 0;
  /** How many were taken and not said to be; and whether one was since the event loop turned. */
  #taken = 0;
  #isBusy = false;
  #isTurning = false;
  #reported = 0;
  /** When the last came. */
  #since = -Infinity;
  /** Gets that were sent and are not answered. */
  #pending = 0;

  /** @param tookSome Called when there is something to be said again. */
  constructor(report: Report, tookSome: () => void) {
    this.#report = report;
    this.#tookSome = tookSome;
  }

  /** Gets an item: one that is there, or by a call. */
  async get(
    args: readonly unknown[],
    call: (method: string, args: readonly unknown[]) => Promise<unknown>,
  ): Promise<unknown> {
    if (this.#pending === 0 && actsFor().realm === 0) {
      if (this.#left > 0) {
        // What is no option is refused as it would be there.
        if (args.length > 0) queueDeadline(GET, args[0] as QueueOptions | undefined, RULES);
        return this.#take();
      }
      const took = performance.now() - this.#since;
      const several = await this.#sent(call(GET_SEVERAL, [args[0], took])) as Several;
      this.#since = performance.now();
      return several.length === 1 ? several[0] : this.#arrived(...several);
    }
    return await this.#sent(call("get", args));
  }

  async #sent<T>(call: Promise<T>): Promise<T> {
    this.#pending++;
    try {
      return await call;
    } finally {
      this.#pending--;
    }
  }

  /** The first of several is the one that was asked for. */
  #arrived(packed: Uint8Array<ArrayBuffer>, count: number): unknown {
    this.#words = new Int32Array(packed.buffer);
    this.#at = 0;
    this.#left = count - 1;
    if (this.#left > 0) this.#begin();
    return this.#next();
  }

  #begin(): void {
    this.#reported = performance.now();
    this.#isBusy = true;
    if (this.#isTurning) return;
    this.#isTurning = true;
    setImmediate(() => this.#turn());
  }

  #next(): unknown {
    const length = this.#words[this.#at++]!;
    const at = this.#at;
    this.#at += Math.ceil(length / 4);
    return itemInWords(this.#words, at, length);
  }

  #take(): unknown {
    this.#left--;
    if (this.#taken++ === 0) this.#tookSome();
    this.#isBusy = true;
    if ((this.#left & OFTEN) === 0) {
      const now = performance.now();
      if (now - this.#reported > LATE) {
        this.#reported = now;
        this.flush();
      }
    }
    return this.#next();
  }

  #turn(): void {
    this.#isTurning = false;
    if (this.#left > 0 && !this.#isBusy) return this.giveBack();
    this.flush();
    if (this.#left === 0) return;
    this.#isBusy = false;
    this.#isTurning = true;
    setImmediate(() => this.#turn());
  }

  /** Says what has been taken; whether there was anything to say. */
  flush(): boolean {
    const taken = this.#taken;
    if (taken === 0) return false;
    this.#taken = 0;
    this.#report(taken, true);
    return true;
  }

  /** Gives back what has not been taken. */
  giveBack(): void {
    if (this.#left === 0) return;
    const taken = this.#taken;
    this.#left = this.#taken = 0;
    this.#report(taken, false);
  }
}

/** The same for all queues that one side of a way has of the other. */
export class QueuesAhead {
  readonly #post: (message: TakenMessage) => void;
  /** By the numbers of their queues. */
  readonly #all = new Map<number, ItemsAhead>();
  readonly #mayHaveTaken = new Set<ItemsAhead>();

  /** @param post Sends a message, and says nothing before. */
  constructor(post: (message: TakenMessage) => void) {
    this.#post = post;
  }

  /** What was sent ahead of a queue. */
  of(object: number): Ahead {
    const known = this.#all.get(object);
    if (known !== undefined) return known;
    const ahead: ItemsAhead = new ItemsAhead(
      (taken, keeps) => this.#post({ kind: "taken", object, taken, keeps }),
      () => this.#mayHaveTaken.add(ahead),
    );
    this.#all.set(object, ahead);
    return ahead;
  }

  /** It is wanted back. */
  giveBack(object: number): void {
    this.#all.get(object)?.giveBack();
  }

  /** Nobody has the queue any more. */
  delete(object: number): void {
    this.#all.delete(object);
  }

  /** Says what has been taken; whether there was anything to say. */
  flush(): boolean {
    if (this.#mayHaveTaken.size === 0) return false;
    const all = [...this.#mayHaveTaken];
    this.#mayHaveTaken.clear();
    return all.map((ahead) => ahead.flush()).includes(true);
  }
}
