/**
 * What a child that has a socket sends beside it, through its standard error: the messages that could not
 * leave before it ended, behind the number of those that did (`_child_link.ts`). They are kept until both
 * ways have ended, since only then it is known which came twice.
 *
 * A child may send what it likes, for as long as it lives: so what is kept is bounded.
 */

import { LONGEST_MESSAGE, type Message } from "../bytes/_frame.ts";
import { FrameError } from "../bytes/_frame_error.ts";

/** About what a message takes beside its bytes. */
const OVERHEAD = 64;

/** See the head of the file. */
export class LastMessages {
  readonly #limit: number;
  /** How many messages left the child before. */
  #before: number | undefined = undefined;
  #kept: Message[] = [];
  #total = 0;

  /** @param limit How many bytes may be kept. */
  constructor(limit = LONGEST_MESSAGE) {
    this.#limit = limit;
  }

  /**
   * Takes the next message, whose bytes nobody changes any more.
   *
   * @throws {FrameError} When it is the first and no number, or they are too much.
   */
  add(message: Message): void {
    if (this.#before === undefined) {
      this.#before = numberOf(message);
      return;
    }
    this.#total += message.reduce((sum, { length }) => sum + length, OVERHEAD);
    if (this.#total > this.#limit) {
      this.#kept = [];
      throw new FrameError(
        `Cannot keep last messages: they are too long: ${this.#total} bytes, where ${this.#limit} ` +
          `are the most: send less at a time`,
      );
    }
    this.#kept.push(message);
  }

  /** Those that did not come through the socket, through which so many came. They are kept no longer. */
  take(received: number): Message[] {
    const missed = this.#kept.slice(Math.max(0, received - (this.#before ?? 0)));
    this.#kept = [];
    return missed;
  }
}

function numberOf(message: Message): number {
  const [bytes, ...more] = message;
  if (bytes?.length === Uint32Array.BYTES_PER_ELEMENT && more.length === 0) {
    return new Uint32Array(bytes.slice().buffer)[0]!;
  }
  throw new FrameError("Cannot read last messages: what comes first is not how many came before");
}
