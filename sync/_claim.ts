/**
 * Claim words: who may have a task that was sent to a worker thread.
 *
 * A table of 32-bit words in shared memory, one per task that the parent has sent to one worker and
 * not yet had an answer for. Parent and worker settle by a single compare-and-swap whether the worker
 * runs the task or the parent takes it back (to cancel it, or to give it to an idle worker). Exactly
 * one of them wins, and neither ever waits.
 *
 * | state      | meaning                                          | written by                        |
 * | ---------- | ------------------------------------------------ | --------------------------------- |
 * | `FREE`     | no task owns the slot                            | parent, when the answer came      |
 * | `SENT`     | the task is on its way or waits in the worker    | parent, before it posts the task  |
 * | `RUNNING`  | the worker has begun; it can't be taken back     | worker, from `SENT`               |
 * | `STOPPING` | running, and asked to stop                       | parent, from `RUNNING`            |
 * | `REVOKED`  | taken back; the worker must skip it              | parent, from `SENT`               |
 *
 * Transitions: `FREE → SENT` {@linkcode ClaimTable.send}; `SENT → RUNNING` {@linkcode ClaimTable.claim};
 * `SENT → REVOKED` {@linkcode ClaimTable.revoke}; `RUNNING → STOPPING` {@linkcode ClaimTable.requestStop};
 * any → `FREE` {@linkcode ClaimTable.free}.
 *
 * The race that this prevents: parent reads `SENT`, worker reads `SENT`, both go on, and a cancelled
 * task runs, or a stolen one runs twice. With compare-and-swap the second of the two sees the first.
 *
 * The ABA race: a slot is freed only when the worker has answered for it, and the worker answers for a
 * revoked slot too (as skipped), so a word never means a later task than the one that the worker
 * holds. A table belongs to one worker and is dropped with it, for the same reason.
 */

const FREE = 0;
const SENT = 1;
const RUNNING = 2;
const STOPPING = 3;
const REVOKED = 4;

/** Who may have which of a worker's tasks, as parent and worker ask. */
export interface Claims {
  /** Whether parent and worker share the words, so that what was sent can still be taken back. */
  readonly shared: boolean;
  /** Parent: gives a free slot to the task that is about to be posted. */
  send(slot: number): void;
  /** Worker: `true` when the task is the worker's to run, `false` when it was taken back. */
  claim(slot: number): boolean;
  /** Parent: `true` when the task was taken back before it began. */
  revoke(slot: number): boolean;
  /** Parent: whether the task was taken back and not skipped yet. */
  isRevoked(slot: number): boolean;
  /**
   * Parent: asks a running task to stop; `false` when it has not begun. A task that has ended and is
   * not answered for yet counts as running, and takes no notice.
   */
  requestStop(slot: number): boolean;
  /** Either side: whether the worker has begun the task. */
  running(slot: number): boolean;
  /** Worker: whether the running task was asked to stop. */
  stopRequested(slot: number): boolean;
  /** Parent: the worker has answered for the slot, or is dead. */
  free(slot: number): void;
}

/** The claim words of one worker. The parent makes the table, the worker attaches to its buffer. */
export class ClaimTable implements Claims {
  readonly shared = true;
  readonly #words: Int32Array<SharedArrayBuffer>;

  /** Attaches to `buffer`, whose every 32-bit word is a slot; a new buffer's slots are all free. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** A buffer for `slots` tasks. */
  static allocate(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT);
  }

  /** How many slots there are. */
  get size(): number {
    return this.#words.length;
  }

  send(slot: number): void {
    Atomics.store(this.#words, slot, SENT);
  }

  claim(slot: number): boolean {
    return Atomics.compareExchange(this.#words, slot, SENT, RUNNING) === SENT;
  }

  revoke(slot: number): boolean {
    return Atomics.compareExchange(this.#words, slot, SENT, REVOKED) === SENT;
  }

  isRevoked(slot: number): boolean {
    return Atomics.load(this.#words, slot) === REVOKED;
  }

  requestStop(slot: number): boolean {
    const before = Atomics.compareExchange(this.#words, slot, RUNNING, STOPPING);
    return before === RUNNING || before === STOPPING;
  }

  running(slot: number): boolean {
    const word = Atomics.load(this.#words, slot);
    return word === RUNNING || word === STOPPING;
  }

  stopRequested(slot: number): boolean {
    return Atomics.load(this.#words, slot) === STOPPING;
  }

  free(slot: number): void {
    Atomics.store(this.#words, slot, FREE);
  }
}
