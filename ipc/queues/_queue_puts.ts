/**
 * The side of a queue's process, where a child puts items; the child's side is `_puts_together.ts`.
 */

import { driveAsync } from "../../sync/_drive.ts";
import { callingRealm } from "../../sync/_identity.ts";
import type { Message } from "../bytes/_frame.ts";
import { itemFromBytes, kept, mayTravelAsBytes } from "./_item_bytes.ts";
import { mailboxOf } from "./_mailboxes.ts";
import type { Mailbox, PutEnd } from "./_mailbox.ts";
import { notPut, PUT } from "./_queue_calls.ts";
import { homeOf } from "../objects/_remote_object.ts";
import { Slip } from "./_slip.ts";

/** An item on its way; nothing of the user's runs while it is in use. */
const slip = new Slip();

/** A queue, as far as it is used here. */
interface Puttable {
  put(item: unknown): Promise<void>;
}

/** What became of an item: it was put, or waits for room, or can't be put. */
export type PutAnswer = true | Promise<void>;

/** Those that were put, as many as come one after the other, and each of the others. */
export function* inRows(
  ends: readonly PutAnswer[],
): Generator<{ first: number; times: number; put: PutAnswer }> {
  for (let first = 0, next = 1; first < ends.length; first = next++) {
    const put = ends[first]!;
    while (put === true && ends[next] === true) next++;
    yield { first, times: next - first, put };
  }
}

/**
 * Puts the items of a message, each in its turn.
 *
 * @param items Each its length, and its bytes, filled up to four.
 * @returns For each whether it was put, or a promise of that.
 * @throws {RangeError} When they are no items.
 */
export function putAll(queue: object, items: Uint8Array, count: number): PutAnswer[] {
  const bytes = new Uint8Array(items);
  const words = new Int32Array(bytes.buffer);
  const ends: PutAnswer[] = [];
  const mailbox = homeOf(queue) === undefined ? mailboxOf(queue) : undefined;
  for (let at = 0; ends.length < count;) {
    const length = words[at++]!;
    const next = at + Math.ceil(length / 4);
    if (!(length > 0 && next <= words.length && mayTravelAsBytes(bytes[4 * at]!))) {
      throw new RangeError(`Cannot put items: what was sent is none: at ${at} of ${words.length}`);
    }
    if (mailbox !== undefined && length <= slip.bytes.length) {
      for (let i = 0; at + i < next; i++) slip.words[i] = words[at + i]!;
      slip.length = length;
      ends.push(putOne(mailbox, slip));
    } else {
      const item = [bytes.slice(4 * at, 4 * at + length)];
      ends.push(mailbox ? putOne(mailbox, item) : (queue as Puttable).put(itemFromBytes(item)));
    }
    at = next;
  }
  return ends;
}

function putOne(mailbox: Mailbox, message: Message | Slip): PutAnswer {
  const end = mailbox.tryPut(message);
  if (end === "put") return true;
  if (end === "shut") return Promise.reject(notPut(end, 0));
  const put = mailbox.put(kept(message), callingRealm(), PUT);
  return waited(driveAsync(put), mailbox.memory.maxsize);
}

async function waited(put: Promise<PutEnd>, maxsize: number): Promise<void> {
  const end = await put;
  if (end !== "put") throw notPut(end, maxsize);
}
