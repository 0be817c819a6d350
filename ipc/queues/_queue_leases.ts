/**
 * The side of a queue's process, where a child gets one item after the other: with the item that it asks for it
 * is sent some of those that it is about to ask for, on lease (`_lease.ts`). The child's side is
 * `_items_ahead.ts`.
 *
 * How many depends on how soon the child, by its own clock, was back for more the last time: about as many as it
 * gets in {@linkcode QUICK} milliseconds, and none where it takes longer for one, or where others get, too.
 */

import { whoCalls } from "../../sync/_identity.ts";
import { GET, queueDeadline, type QueueOptions, RULES } from "./_queue_calls.ts";
import { mayTravelAsBytes } from "./_item_bytes.ts";
import { homeOf } from "../objects/_remote_object.ts";
import type { Mailbox } from "./_mailbox.ts";
import { mailboxOf } from "./_mailboxes.ts";

/** Milliseconds. Items may come again after a child that was killed while it had them: as few as may be. */
const QUICK = 2;
const SLOW = 4 * QUICK;
/** Items, and bytes: they are to go with one write. */
const MOST = 1024;
const MOST_BYTES = 48 * 1024;

/** Items on their way; nothing of the user's runs while it is in use. */
const packed = new Int32Array(MOST_BYTES / 4);

/** What is known here of a queue that was asked for several items. */
interface Lender {
  readonly mailbox: Mailbox;
  /** Who got some last, and how many it may get next. */
  realm: number;
  most: number;
  /** Tells whoever has items that others want them. */
  recall: () => void;
  isWatching: boolean;
  /** Who may have some, and how often some had been wanted back before. */
  holder: number;
  recalls: number;
}

const lenders = new WeakMap<Mailbox, Lender>();

function lenderOf(queue: object): Lender {
  const mailbox = mailboxOf(queue);
  let lender = lenders.get(mailbox);
  if (lender === undefined) {
    lender = {
      mailbox,
      realm: 0,
      most: 1,
      recall: () => {},
      isWatching: false,
      holder: 0,
      recalls: 0,
    };
    lenders.set(mailbox, lender);
  }
  return lender;
}

/** What a child that asks for an item is answered: several as bytes, or one. */
export type Several =
  | readonly [packed: Uint8Array<ArrayBuffer>, count: number]
  | readonly [
    item: unknown,
  ];

/** A queue, as far as it is asked here. */
export interface Gettable {
  get(options?: QueueOptions): Promise<unknown>;
}

/**
 * Gets an item for a child, and leases it those after it.
 *
 * @param took How many milliseconds it had for those before.
 * @param recall Tells the child that others want them.
 */
export async function getSeveral(
  queue: Gettable,
  options: QueueOptions | undefined,
  took: number,
  recall: () => void,
): Promise<Several> {
  queueDeadline(GET, options, RULES);
  // It is another's, which leases none but to who calls it itself.
  if (homeOf(queue) !== undefined) return [await queue.get(options)];
  const lender = lenderOf(queue);
  const { realm } = whoCalls();
  lender.most = realm === lender.realm ? pace(lender.most, took) : 1;
  lender.realm = realm;
  const { count, words, recalls } = lender.mailbox.getSeveral(
    realm,
    packed,
    lender.most,
    mayTravelAsBytes,
  );
  if (count === 0) return [await queue.get(options)];
  if (count > 1) {
    lender.recall = recall;
    lender.holder = realm;
    lender.recalls = recalls;
    watch(lender);
  }
  return [new Uint8Array(packed.buffer.slice(0, words * 4)), count];
}

/** How many may go next, after so many milliseconds. */
function pace(most: number, took: number): number {
  if (took < QUICK) return Math.min(2 * most, MOST);
  return took < SLOW ? Math.max(most >> 1, 1) : 1;
}

/** Watches for as long as there is a lease: it would keep the queue for good. */
function watch(lender: Lender): void {
  if (lender.isWatching) return;
  lender.isWatching = true;
  const { mailbox } = lender;
  mailbox.watchLease(lender.recalls, () => {
    lender.isWatching = false;
    if (!mailbox.isLeasedTo(lender.holder)) return;
    if (mailbox.recalls === lender.recalls) watch(lender);
    else lender.recall();
  });
}

/** A child has taken some of the items that were leased to it, and keeps the others or gives them back. */
export function settleItems(queue: object, taken: number, keeps: boolean): void {
  lenderOf(queue).mailbox.settleLease(whoCalls().realm, taken, keeps);
}

/** Whether what is in a queue is with a child of which only this thread would hear. */
export function isLentFromHere(queue: object): boolean {
  const lender = lenders.get(mailboxOf(queue));
  return lender !== undefined && lender.mailbox.isLeasedTo(lender.holder);
}
