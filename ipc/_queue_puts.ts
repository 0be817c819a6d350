/**
 * The side of a queue's process, where a child puts items; the child's side is `_puts_together.ts`.
 */

import { driveAsync } from "../sync/_drive.ts";
import { callingRealm } from "../sync/_identity.ts";
import { itemFromBytes, mayTravelAsBytes } from "./_item_bytes.ts";
import { mailboxOf } from "./_mailboxes.ts";
import type { PutEnd } from "./_mailbox.ts";
import { notPut, PUT } from "./_queue_calls.ts";
import { homeOf } from "./_remote_object.ts";
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
  for (let at = 0; ends.length < count;) {
    const length = words[at++]!;
    const next = at + Math.ceil(length / 4);
    if (!(length > 0 && next <= words.length && mayTravelAsBytes(bytes[4 * at]!))) {
      throw new RangeError(`Cannot put items: what was sent is none: at ${at} of ${words.length}`);
    }
    ends.push(putOne(queue, bytes.subarray(4 * at, 4 * at + length)));
    at = next;
  }
  return ends;
}

function putOne(queue: object, bytes: Uint8Array<ArrayBuffer>): PutAnswer {
  if (homeOf(queue) !== undefined) {
    return (queue as Puttable).put(itemFromBytes([bytes.slice()]));
  }
  const mailbox = mailboxOf(queue);
  const isShort = bytes.length <= slip.bytes.length;
  if (isShort) {
    slip.bytes.set(bytes);
    slip.length = bytes.length;
  }
  const end = mailbox.tryPut(isShort ? slip : [bytes]);
  if (end === "put") return true;
  if (end === "shut") return Promise.reject(notPut(end, 0));
  return waited(driveAsync(mailbox.put([bytes.slice()], callingRealm(), PUT)), queue);
}

async function waited(put: Promise<PutEnd>, queue: object): Promise<void> {
  const end = await put;
  if (end !== "put") throw notPut(end, mailboxOf(queue).memory.maxsize);
}
