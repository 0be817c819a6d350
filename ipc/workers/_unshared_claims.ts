/**
 * Claims where parent and worker share no memory: each side keeps its own words.
 *
 * What has left for the worker may have begun and can't be taken back, so it counts as running, as
 * CPython counts what is in its call queue. What waits for the worker to come up has not left. The worker can
 * be asked for what it has not begun, and answers for what it gives back as for what it skips.
 *
 * | state      | parent                                    | worker                          |
 * | ---------- | ----------------------------------------- | ------------------------------- |
 * | `FREE`     | no task owns the slot                     | not begun, or answered for      |
 * | `SENT`     | kept until the worker is up, or given back| –                               |
 * | `RUNNING`  | left for the worker                       | begun, and not answered for     |
 * | `STOPPING` | asked to stop                             | asked to stop                   |
 * | `REVOKED`  | taken back while it was kept              | to be skipped                   |
 *
 * The parent's transitions: `FREE → SENT` {@linkcode UnsharedClaims.send}; `SENT → RUNNING`
 * {@linkcode UnsharedClaims.leave}; `SENT → REVOKED` {@linkcode UnsharedClaims.revoke}; `RUNNING → SENT`
 * {@linkcode UnsharedClaims.giveBack}, when a dying worker says what it has begun: the others it has not,
 * be they still on their way.
 */

import type { Claims } from "../../sync/_claim.ts";

const FREE = 0;
const SENT = 1;
const RUNNING = 2;
const STOPPING = 3;
const REVOKED = 4;

/** See the head of the file. */
export class UnsharedClaims implements Claims {
  readonly shared = false;
  readonly #words: Uint8Array;

  constructor(slots: number) {
    this.#words = new Uint8Array(slots);
  }

  send(slot: number): void {
    this.#words[slot] = SENT;
  }

  /** Parent: the task leaves for the worker; `false` when it was taken back. */
  leave(slot: number): boolean {
    return this.#change(slot, SENT, RUNNING);
  }

  /** Parent: the worker ends and has not begun the task. */
  giveBack(slot: number): void {
    this.#change(slot, RUNNING, SENT);
  }

  /** The tasks that are running, as far as is known here. */
  begun(): number[] {
    return [...this.#words.keys()].filter((slot) => this.running(slot));
  }

  /** Worker: the parent has taken the task back, which is on its way. */
  skip(slot: number): void {
    this.#words[slot] = REVOKED;
  }

  claim(slot: number): boolean {
    const runs = this.#words[slot] !== REVOKED;
    this.#words[slot] = runs ? RUNNING : FREE;
    return runs;
  }

  revoke(slot: number): boolean {
    return this.#change(slot, SENT, REVOKED);
  }

  isRevoked(slot: number): boolean {
    return this.#words[slot] === REVOKED;
  }

  requestStop(slot: number): boolean {
    return this.#change(slot, RUNNING, STOPPING) || this.#words[slot] === STOPPING;
  }

  running(slot: number): boolean {
    return this.#words[slot] === RUNNING || this.#words[slot] === STOPPING;
  }

  stopRequested(slot: number): boolean {
    return this.#words[slot] === STOPPING;
  }

  free(slot: number): void {
    this.#words[slot] = FREE;
  }

  #change(slot: number, from: number, to: number): boolean {
    if (this.#words[slot] !== from) return false;
    this.#words[slot] = to;
    return true;
  }
}
