/**
 * What every waiter does from joining a queue to leaving it.
 */

import { DEBUG } from "./_debug.ts";
import { abortOf, type Deadline, type Protocol } from "./_drive.ts";
import { endedError, thisRealm } from "./_realm.ts";
import { type WaitQueue, wakeWhenLeft } from "./_wait_queue.ts";
import { FIELD, NODE } from "./_waiters.ts";

/** In place of a node: there is nothing to wait for. */
export const AT_ONCE = 0;
/** In place of a node: there is no time to wait. */
export const TOO_LATE = -1;

/** What the primitive has to do, under the guard. */
export interface WaitHooks {
  /** A realm has died: what the waiter waits for may have died with it. */
  readonly died?: () => void;
  /** The waiter has left by itself. */
  readonly left?: () => void;
  /** Not under the guard: it waits without a limit, for longer than the user has said is usual. */
  readonly isLate?: (what: string) => void;
}

/** How a wait ended. */
export type WaitEnd = "granted" | "broken" | "timeout";

/**
 * Waits until the node is dismissed, or the time is up; the node is given back.
 *
 * @throws {CancelledError} When the deadline's signal was aborted first, or the realm that waits has ended.
 */
export function* untilDismissed(
  queue: WaitQueue,
  node: number,
  deadline: Deadline,
  { died, left, isLate }: WaitHooks = {},
): Protocol<WaitEnd> {
  let current = deadline;
  if (DEBUG !== undefined && isLate !== undefined && deadline.until === Infinity) {
    current = { ...deadline, until: performance.now() + DEBUG };
  }
  for (;;) {
    let waking = yield { node, deadline: current };
    if (waking === "timeout" && current !== deadline) {
      isLate!(deadline.what);
      current = deadline;
      // There may have been one, of which the next sleep knows already.
      waking = "death";
    }
    if (waking === "woken" && queue.settleCompleted(node)) return "granted";
    let isEnded = false;
    const state = queue.guarded(() => {
      if (waking === "death") {
        died?.();
        isEnded = isOfDead(node);
      }
      const leaves = isEnded || waking === "timeout" || waking === "aborted";
      const state = queue.settle(node, leaves);
      if (leaves && state === NODE.WAITING) left?.();
      return state;
    });
    if (state === NODE.GRANTED) return "granted";
    if (state === NODE.BROKEN) return "broken";
    // Others saw its realm dead.
    if (state === NODE.FREE || isEnded) throw endedError();
    if (waking === "aborted") throw abortOf(deadline);
    if (waking === "timeout") return "timeout";
  }
}

/** Whether the realm that waits has ended: not this one, but one that it acts for. */
function isOfDead(node: number): boolean {
  const { realms, waiters } = thisRealm();
  return !realms.isAlive(waiters.get(node, FIELD.REALM));
}

/** Waits where there was something to wait for: whether it was granted. */
export function* granted(
  queue: WaitQueue,
  node: number,
  deadline: Deadline,
  hooks?: WaitHooks,
): Protocol<boolean> {
  if (node <= 0) return node === AT_ONCE;
  return (yield* untilDismissed(queue, node, deadline, hooks)) === "granted";
}

/** Dismisses and wakes whoever waits. Under the guard. */
export function wakeAll(
  queue: WaitQueue,
  state: typeof NODE.GRANTED | typeof NODE.BROKEN,
): void {
  for (const node of queue.each()) queue.dismiss(node, state);
}

/** A queue whose waiters look for themselves, and the guard under which they do. */
export interface TryingHooks<T> {
  /** Whose guard it is. */
  readonly guard: WaitQueue;
  /** Does what is waited for, if it can be done now; else `undefined`. Under the guard. */
  attempt(node: number): T | undefined;
  /** The waiter has left without. Under the guard. */
  left?(): void;
}

/**
 * Waits until what is waited for can be done, and does it: for where many come and go, and a waiter that
 * is slow to wake must not hold up what another can do meanwhile. Its node keeps its place until it is done.
 *
 * Who makes it possible nudges one that waits ({@linkcode nudge}); one that is nudged and finds that others
 * were quicker waits on; one that leaves instead passes that on (`left`). Should it die, all look.
 *
 * @returns `undefined` when the time is up.
 * @throws {CancelledError} When the deadline's signal was aborted first, or the realm that waits has ended.
 */
export function* untilDone<T>(
  queue: WaitQueue,
  node: number,
  deadline: Deadline,
  { guard, attempt, left }: TryingHooks<T>,
): Protocol<T | undefined> {
  const { waiters } = thisRealm();
  for (;;) {
    const waking = yield { node, deadline };
    let isEnded = false;
    const result = guard.guarded(() => {
      isEnded = isOfDead(node);
      let leaves = true;
      let result: T | undefined;
      try {
        if (!isEnded && waking !== "aborted") result = attempt(node);
        leaves = isEnded || result !== undefined || waking === "timeout" || waking === "aborted";
        return result;
      } finally {
        if (!leaves) waiters.set(node, FIELD.STATE, NODE.WAITING);
        else {
          queue.settle(node, true);
          if (result === undefined) left?.();
        }
      }
    });
    if (isEnded) throw endedError();
    if (result !== undefined) return result;
    if (waking === "aborted") throw abortOf(deadline);
    if (waking === "timeout") return undefined;
  }
}

/** Has the one look that has waited longest, of those that were not told to since they looked. Under the guard. */
export function nudge(queue: WaitQueue): void {
  const { realms, waiters } = thisRealm();
  for (const node of queue.each()) {
    if (waiters.get(node, FIELD.STATE) !== NODE.WAITING) continue;
    if (!realms.isAlive(waiters.get(node, FIELD.REALM))) continue;
    tell(node);
    return;
  }
}

/** Has all look that wait. Under the guard. */
export function nudgeAll(queue: WaitQueue): void {
  for (const node of queue.each()) tell(node);
}

function tell(node: number): void {
  const { waiters } = thisRealm();
  waiters.set(node, FIELD.STATE, NODE.NUDGED);
  wakeWhenLeft(node);
}
