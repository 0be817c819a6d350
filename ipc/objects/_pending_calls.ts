/**
 * The calls of one side of a way that are not answered.
 */

import { decodeError } from "../values/_error_codec.ts";
import type { ReplyMessage } from "./_object_protocol.ts";
import type { RemoteAnswer } from "./_remote_object.ts";

/** A call that is not answered. */
interface Pending {
  resolve(answer: RemoteAnswer): void;
  reject(error: unknown): void;
}

/** See the head of the file. */
export class PendingCalls {
  readonly #waits: (on: boolean) => void;
  readonly #all = new Map<number, Pending>();
  #last = 0;

  /** @param waits Told whether there are any. */
  constructor(waits: (on: boolean) => void) {
    this.#waits = waits;
  }

  /** Begins a call: its number, and the promise of its answer. */
  begin(): { call: number; answer: Promise<RemoteAnswer> } {
    const call = ++this.#last;
    const pending = Promise.withResolvers<RemoteAnswer>();
    this.#all.set(call, pending);
    if (this.#all.size === 1) this.#waits(true);
    return { call, answer: pending.promise };
  }

  /** A call is not waited for any more. */
  end(call: number): Pending | undefined {
    const pending = this.#all.get(call);
    if (this.#all.delete(call) && this.#all.size === 0) this.#waits(false);
    return pending;
  }

  /**
   * An answer has come.
   *
   * @param valueOf Its value; those that end together have none.
   */
  settle(reply: ReplyMessage, valueOf: (reply: ReplyMessage) => unknown): void {
    // It may say what it likes.
    const times = Math.min(reply.times ?? 1, this.#all.size);
    for (let i = 0; i < times; i++) {
      // Now: the way may be one that is only let go of while a message of its is handled.
      const pending = this.end(reply.call + i);
      if (pending === undefined) continue;
      const { error, abandoned } = reply;
      try {
        if (error === null && times > 1) pending.resolve({ value: undefined, abandoned });
        else if (error !== null) pending.reject(decodeError(error));
        else pending.resolve({ value: valueOf(reply), abandoned });
      } catch (error) {
        pending.reject(error);
      }
    }
  }

  /** No answer will come. */
  rejectAll(error: () => unknown): void {
    for (const pending of this.#all.values()) pending.reject(error());
  }
}
