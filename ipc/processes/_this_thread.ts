/**
 * The thread that the code runs in, as the realm that started it has said; `current_thread.ts` makes an
 * object of it. Apart from that, since every worker loads this.
 */

/** A thread, as it was started; some of it can be changed afterwards. */
export interface ThreadRecord {
  name: string;
  daemon: boolean;
}

let record: ThreadRecord = { name: "MainThread", daemon: false };

/** The record of this thread. */
export function thisThread(): ThreadRecord {
  return record;
}

/** For entries: what this realm's parent says of this thread. */
export function setThisThread(given: ThreadRecord): void {
  record = given;
}
