/**
 * The hatch: where a worker that looks out for its next task is handed it without a message.
 *
 * To wake a sleeping thread takes longer than a small task does. A worker that has just answered
 * everything may therefore look at one word in shared memory for a moment before it sleeps, and its
 * parent writes the next task there instead of posting it. What the task is stands elsewhere
 * (`ipc/workers/_cards.ts`), by its slot.
 *
 * | state     | word            | meaning                                                               |
 * | --------- | --------------- | --------------------------------------------------------------------- |
 * | `CLOSED`  | 0               | nobody looks: tasks go by message                                     |
 * | open at n | n + 1           | the worker looks, has nothing to do, and has read n messages          |
 * | full      | −1 − slot       | the task in that slot is the worker's                                 |
 *
 * Transitions: `CLOSED` → open {@linkcode Hatch.open}, by the worker, before it posts its last answer;
 * open → full {@linkcode Hatch.put} and open → `CLOSED` {@linkcode Hatch.shut}, by the parent;
 * full → `CLOSED` {@linkcode Hatch.take}, open → `CLOSED` {@linkcode Hatch.close}, by the worker. All but
 * those that only one side can make are compare-and-swaps.
 *
 * Guarantees:
 * - A task that was put is taken: the worker leaves only by the swap from open to `CLOSED`, which fails
 *   when the task came first.
 * - Nothing overtakes a message. The parent counts the messages that it has posted, and puts only where
 *   the word says that the worker has read as many. A request to stop that is still on its way to a
 *   former task of the slot so can't hit the next one.
 * - Neither side ever waits for the other. The parent shuts the hatch before it posts, so that the
 *   worker does not look in vain.
 */

const CLOSED = 0;

/** Counts of messages are told apart up to this one. */
const MESSAGES = 2 ** 30;

/** What a worker sees that looks through the hatch, where it sees no slot. */
export const Sight = {
  /** Nothing yet. */
  nothing: -1,
  /** The hatch is closed: tasks come by message. */
  closed: -2,
} as const;

/** The hatch of one worker. The parent makes its buffer, the worker attaches to it. */
export class Hatch {
  readonly #word: Int32Array<SharedArrayBuffer>;

  /** Attaches to `buffer`; a new one is closed. */
  constructor(buffer: SharedArrayBuffer) {
    this.#word = new Int32Array(buffer, 0, 1);
  }

  /** A buffer for a hatch. */
  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  }

  /** Parent: hands over the task in `slot`, if the worker looks and has read `posted` messages. */
  put(slot: number, posted: number): boolean {
    const open = openAt(posted);
    return Atomics.compareExchange(this.#word, 0, open, -1 - slot) === open;
  }

  /** Parent: the next task comes by message. */
  shut(posted: number): void {
    Atomics.compareExchange(this.#word, 0, openAt(posted), CLOSED);
  }

  /** Worker: begins to look, having read `read` messages; everything it was given is answered. */
  open(read: number): void {
    Atomics.store(this.#word, 0, openAt(read));
  }

  /** Worker: takes the slot of the task that was put, which closes the hatch; else a {@linkcode Sight}. */
  take(): number {
    const word = Atomics.load(this.#word, 0);
    if (word > 0) return Sight.nothing;
    if (word === CLOSED) return Sight.closed;
    Atomics.store(this.#word, 0, CLOSED);
    return -1 - word;
  }

  /** Worker: looks no longer; takes what was put in this moment. */
  close(): number {
    const word = Atomics.load(this.#word, 0);
    if (word > 0) Atomics.compareExchange(this.#word, 0, word, CLOSED);
    return this.take();
  }
}

function openAt(messages: number): number {
  return messages % MESSAGES + 1;
}
