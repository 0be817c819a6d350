/**
 * Small tasks and their answers in shared memory: one card a slot.
 *
 * To clone an object takes a microsecond on either side, as long as all else that a small task needs.
 * A task that travels alone, with a known function and few arguments that are numbers, booleans, `null`
 * or `undefined`, is therefore written on its slot's card, and so is such a result; the message is the
 * slot's number.
 *
 * A card is the slot's owner's: the parent writes it before it sends the number, the worker before it
 * answers with the number, and the parent frees the slot only after it has read the answer. So neither
 * ever writes what the other may be reading.
 */

import {
  ANSWER_HEAD,
  type AnswersMessage,
  RUN_HEAD,
  type RunMessage,
  SHAPE_BITS,
  Status,
} from "./_protocol.ts";

/** Words of a card: call id and shape, or start and duration; then two for each value. */
const CARD = 8;
const HEAD = 2;
const VALUE = 2;
const MOST_VALUES = (CARD - HEAD) / VALUE;

/** A value's first word: its place here, or {@linkcode NUMBER}, and the number is the second. */
const CONSTANTS: readonly unknown[] = [undefined, null, false, true];
const NUMBER = CONSTANTS.length;

/** The cards of one worker. The parent makes their buffer, the worker attaches to it. */
export class Cards {
  readonly #words: Float64Array<SharedArrayBuffer>;

  /** Attaches to `buffer`. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Float64Array(buffer);
  }

  /** A buffer for `slots` cards. */
  static allocate(slots: number): SharedArrayBuffer {
    return new SharedArrayBuffer(slots * CARD * Float64Array.BYTES_PER_ELEMENT);
  }

  /** Parent: the slot on whose card the message's only task stands now; `undefined` when it can't. */
  writeTask({ calls, heads, values }: RunMessage): number | undefined {
    if (calls !== null || heads.length !== RUN_HEAD || values.length > MOST_VALUES) {
      return undefined;
    }
    const slot = heads[0]!;
    const card = slot * CARD;
    this.#words[card] = heads[1]!;
    this.#words[card + 1] = heads[2]!;
    for (let i = 0; i < values.length; i++) {
      if (!this.#write(card + HEAD + i * VALUE, values[i])) return undefined;
    }
    return slot;
  }

  /** Worker: the task on a slot's card. */
  readTask(slot: number): RunMessage {
    const card = slot * CARD;
    const shape = this.#words[card + 1]!;
    const values: unknown[] = [];
    for (let i = 0; i < shape >> SHAPE_BITS; i++) values.push(this.#read(card + HEAD + i * VALUE));
    return { kind: "run", calls: null, heads: [slot, this.#words[card]!, shape], values };
  }

  /** Worker: the slot on whose card the message's only answer stands now; `undefined` when it can't. */
  writeAnswer({ heads, values }: AnswersMessage): number | undefined {
    if (heads.length !== ANSWER_HEAD || heads[1] !== Status.returned) return undefined;
    const slot = heads[0]!;
    const card = slot * CARD;
    this.#words[card] = heads[2]!;
    this.#words[card + 1] = heads[3]!;
    return this.#write(card + HEAD, values[0]) ? slot : undefined;
  }

  /** Parent: the answer on a slot's card. */
  readAnswer(slot: number): AnswersMessage {
    const card = slot * CARD;
    const heads = [slot, Status.returned, this.#words[card]!, this.#words[card + 1]!];
    return { kind: "answers", heads, values: [this.#read(card + HEAD)] };
  }

  #write(place: number, value: unknown): boolean {
    if (typeof value === "number") {
      this.#words[place] = NUMBER;
      this.#words[place + 1] = value;
      return true;
    }
    const constant = CONSTANTS.indexOf(value);
    this.#words[place] = constant;
    return constant >= 0;
  }

  #read(place: number): unknown {
    const kind = this.#words[place]!;
    return kind === NUMBER ? this.#words[place + 1] : CONSTANTS[kind];
  }
}
