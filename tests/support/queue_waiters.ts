/** Who waits for a queue of this process, and for what. */

import type { MailboxMemory } from "../../ipc/queues/_mailbox.ts";
import type { Queue } from "../../ipc/queue.ts";
import { thisRealm } from "../../sync/_realm.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { WaitQueue } from "../../sync/_wait_queue.ts";
import { FIELD, isQueued } from "../../sync/_waiters.ts";

/** Milliseconds after which waiting is in vain. */
const HANG = 30_000;

/** What can be waited for. */
export type Wish = "getters" | "putters" | "joiners";

/** How many wait, wherever they are. */
export function waitingFor<T>(queue: Queue<T>, wish: Wish): number {
  const { waiters, realms } = thisRealm();
  const memory = kindOf(queue)!.data(queue) as MailboxMemory;
  const { id } = new WaitQueue(memory[wish]);
  return waiters.all().filter((node) =>
    waiters.get(node, FIELD.OBJECT) === id && isQueued(waiters.get(node, FIELD.STATE)) &&
    realms.isAlive(waiters.get(node, FIELD.REALM))
  ).reduce((count) => count + 1, 0);
}

/** Resolves when `n` wait. */
export async function untilWaitingFor<T>(queue: Queue<T>, wish: Wish, n: number): Promise<void> {
  await untilTrue(() => waitingFor(queue, wish) === n, `${n} ${wish}`);
}

/** Resolves when what is asked is true. */
export async function untilTrue(isTrue: () => boolean, what: string): Promise<void> {
  const end = performance.now() + HANG;
  while (!isTrue()) {
    if (performance.now() > end) throw new Error(`Cannot go on with the test: no ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
