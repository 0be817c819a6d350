/**
 * Messages of bytes, one after the other, in memory that threads have in common.
 *
 * Whoever touches it has the guard of the mailbox that it belongs to (`_mailbox.ts`). It grows with what is
 * in it, in place, up to {@linkcode MOST_BYTES}; memory that it once had it keeps for what comes next.
 *
 * | word       | meaning                                                        |
 * | ---------- | -------------------------------------------------------------- |
 * | `HEAD`     | where the oldest message begins                                |
 * | `TAIL`     | where the next one goes                                        |
 * | `COUNT`    | how many there are                                             |
 * | `CAPACITY` | bytes that are used round and round                            |
 * | `GROWN`    | while it grows: one more than the head that there will be then |
 * | `WRITTEN`  | how many messages there ever were; it wraps around             |
 *
 * A message is its length in bytes, the number of its parts, and its number, in four bytes each; the length of
 * each part, if there are several; their bytes. Each of these is filled up to {@linkcode UNIT}. It does not go
 * round the end: what is too short there is marked and skipped. Head and tail are equal when it is empty, and only then.
 *
 * A thread may be stopped by force in the middle: a message is there once `TAIL` says so, and gone once `HEAD`
 * does, each by one store; {@linkcode Ring.repair} finds out `COUNT` and `WRITTEN` from what is there.
 */

import { ValueError } from "../../sync/errors.ts";
import { type Message, messageLength } from "../bytes/_frame.ts";
import type { Slip } from "./_slip.ts";

const HEAD = 0;
const TAIL = 1;
const COUNT = 2;
const CAPACITY = 3;
const GROWN = 4;
const WRITTEN = 5;
/** Words that a ring needs for itself. */
export const RING_WORDS = 6;
/** Which of them changes with each message that comes or goes. */
export const RING_COUNT = COUNT;

/** Bytes to begin with. */
const FIRST_BYTES = 16_384;
/** The most that there may be; so much address space, not memory, is taken at once. */
export const MOST_BYTES = 2 ** 30;
/** In place of a length: the rest up to the end is empty. */
const SKIP = -1;
/** To memory that is shared the engine copies word by word, if both sides begin with one: else byte by byte. */
const UNIT = 8;
/**
 * Bytes of a part that is long: the system takes longer to hand out memory for it than the copy does, so that is
 * seen to before the guard is entered. No more than the greatest is held ready.
 */
const LONG = 2 ** 17;
const LONGEST = 2 ** 24;
/** What the system hands out at a time. */
const PAGE = 4096;
/** Bytes before a message, and the word of them that has its number. */
const HEADER = 2 * UNIT;
const NUMBER = 2;

/** Whether a message is wanted by who would take it. */
export type Suits = (message: Message | Slip) => boolean;

/** Memory for the messages of a ring. */
export function allocateBytes(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MOST_BYTES });
}

/** See the head of the file. */
export class Ring {
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #buffer: SharedArrayBuffer;
  readonly #check: () => void;
  /** As long as the ring was when this thread looked last. */
  #bytes: Uint8Array<SharedArrayBuffer>;
  #lengths: Int32Array<SharedArrayBuffer>;
  /** How long the long part was that was read last, and memory for one like it. */
  #long = 0;
  #spare: Uint8Array<ArrayBuffer> | undefined = undefined;

  /**
   * Attaches to a ring.
   *
   * @param words {@linkcode RING_WORDS} words, 0 in the beginning.
   * @param buffer What {@linkcode allocateBytes} gave.
   * @param check Throws when the guard is this thread's no more, after a long copy.
   */
  constructor(
    words: Int32Array<SharedArrayBuffer>,
    buffer: SharedArrayBuffer,
    check: () => void = () => {},
  ) {
    this.#check = check;
    this.#words = words;
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer, 0, FIRST_BYTES);
    this.#lengths = new Int32Array(buffer, 0, FIRST_BYTES / 4);
    Atomics.compareExchange(words, CAPACITY, 0, FIRST_BYTES);
  }

  /** How many messages there are. */
  get count(): number {
    return Atomics.load(this.#words, COUNT);
  }

  /** How many bytes they take, with what they need for themselves. */
  get used(): number {
    const used = Atomics.load(this.#words, TAIL) - Atomics.load(this.#words, HEAD);
    return used < 0 ? used + Atomics.load(this.#words, CAPACITY) : used;
  }

  /** How many there ever were; it wraps around. */
  get written(): number {
    return Atomics.load(this.#words, WRITTEN);
  }

  /**
   * Adds a message.
   *
   * @throws {ValueError} When there is no room for it, and can't be.
   */
  write(message: Message): void {
    messageLength(message);
    const parts = message.length;
    let length = message[0]!.length;
    if (parts > 1) {
      length = tableLength(parts);
      for (const part of message) length += filled(part.length);
    }
    const start = this.#begin(length, parts);
    let at = start + HEADER;
    if (parts > 1) {
      for (let i = 0; i < parts; i++) this.#lengths[at / 4 + i] = message[i]!.length;
      at += tableLength(parts);
    }
    for (const part of message) {
      this.#bytes.set(part, at);
      at += filled(part.length);
    }
    this.#commit(start, length);
  }

  /** Adds a message of one part. */
  writeSlip({ words, length }: Slip): void {
    const start = this.#begin(length, 1);
    const lengths = this.#lengths;
    const at = (start + HEADER) / 4;
    for (let word = 0; word * 4 < length; word++) lengths[at + word] = words[word]!;
    this.#commit(start, length);
  }

  /** Finds room for a message; returns where it begins. */
  #begin(length: number, parts: number): number {
    const start = this.#reserve(HEADER + length);
    const word = start / 4;
    this.#lengths[word] = length;
    this.#lengths[word + 1] = parts;
    this.#lengths[word + NUMBER] = this.#get(WRITTEN) + 1;
    return start;
  }

  #commit(start: number, length: number): void {
    this.#check();
    this.#set(TAIL, this.#after(start, length));
    this.#words[WRITTEN]! += 1;
    this.#words[COUNT]! += 1;
  }

  /**
   * Takes the oldest message out, if there is one.
   *
   * @param slip Where it goes if it has one part and is short enough.
   * @param suits Whether it is wanted; else it stays.
   * @returns Its parts, or the slip; `null` for one that is not wanted.
   */
  read(): Uint8Array<ArrayBuffer>[] | undefined;
  read<S extends Slip>(slip?: S): Uint8Array<ArrayBuffer>[] | S | undefined;
  read<S extends Slip>(slip?: S, suits?: Suits): Uint8Array<ArrayBuffer>[] | S | undefined | null;
  read<S extends Slip>(slip?: S, suits?: Suits): Uint8Array<ArrayBuffer>[] | S | undefined | null {
    const start = this.#first();
    if (start === undefined) return undefined;
    const length = this.#lengths[start / 4]!;
    const parts = this.#lengths[start / 4 + 1]!;
    const message = slip !== undefined && parts === 1 && length <= slip.bytes.length
      ? this.#copyTo(slip, start + HEADER, length)
      : this.#copyAll(start + HEADER, parts, length);
    if (suits !== undefined && !suits(message)) return null;
    this.#check();
    this.#set(HEAD, this.#after(start, length));
    this.#words[COUNT]! -= 1;
    return message;
  }

  #copyTo<S extends Slip>(slip: S, at: number, length: number): S {
    const lengths = this.#lengths;
    for (let word = 0; word * 4 < length; word++) slip.words[word] = lengths[at / 4 + word]!;
    slip.length = length;
    return slip;
  }

  #copyAll(start: number, parts: number, length: number): Uint8Array<ArrayBuffer>[] {
    if (parts === 1) return [this.#copy(start, length)];
    const message: Uint8Array<ArrayBuffer>[] = [];
    let at = start + tableLength(parts);
    for (let i = 0; i < parts; i++) {
      const part = this.#lengths[start / 4 + i]!;
      message.push(this.#copy(at, part));
      at += filled(part);
    }
    return message;
  }

  /** Gets memory for a long part, if the last one had such: to be called without the guard. */
  prepare(): void {
    if (this.#long === 0 || this.#spare !== undefined) return;
    const spare = new Uint8Array(this.#long);
    for (let at = 0; at < spare.length; at += PAGE) spare[at] = 0;
    this.#spare = spare;
  }

  /** Each part has its memory to itself. */
  #copy(at: number, length: number): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    if (length >= LONG) {
      this.#long = length <= LONGEST ? length : 0;
      this.#spare = undefined;
    }
    const part = spare?.length === length ? spare : new Uint8Array(length);
    part.set(this.#bytes.subarray(at, at + length));
    return part;
  }

  /**
   * Copies the oldest messages and leaves them where they are: each its length in bytes, and its bytes, filled
   * up to four.
   *
   * @param into Where to.
   * @param most How many.
   * @param mayGo Whether one may that begins with the byte; one of several parts may not.
   * @returns How many, and how many words they have.
   */
  pack(
    into: Int32Array,
    most: number,
    mayGo: (first: number) => boolean,
  ): { count: number; words: number } {
    let words = 0;
    let count = 0;
    this.#look();
    const lengths = this.#lengths;
    for (let at = this.#get(HEAD); count < most && at !== this.#get(TAIL); count++) {
      const start = this.#skipped(at);
      const word = start / 4;
      const length = lengths[word]!;
      const payload = Math.ceil(length / 4);
      if (lengths[word + 1] !== 1 || words + 1 + payload > into.length) break;
      if (!mayGo(this.#bytes[start + HEADER]!)) break;
      into[words++] = length;
      const from = word + HEADER / 4;
      for (let i = 0; i < payload; i++) into[words++] = lengths[from + i]!;
      at = this.#after(start, length);
    }
    return { count, words };
  }

  /** Drops the oldest message, of which there is one. */
  drop(): void {
    const start = this.#first()!;
    this.#set(HEAD, this.#after(start, this.#lengths[start / 4]!));
    this.#words[COUNT]! -= 1;
  }

  /** Drops all messages. */
  clear(): void {
    this.#set(HEAD, this.#get(TAIL));
    this.#set(COUNT, 0);
  }

  /** Makes the words fit what is there, after a thread was stopped in the middle. */
  repair(): void {
    const grown = this.#get(GROWN);
    if (grown !== 0) this.#finishGrowing(grown - 1);
    this.#look();
    let count = 0;
    for (let at = this.#get(HEAD), tail = this.#get(TAIL); at !== tail; count++) {
      const start = this.#skipped(at);
      this.#set(WRITTEN, this.#lengths[start / 4 + NUMBER]!);
      at = this.#after(start, this.#lengths[start / 4]!);
    }
    this.#set(COUNT, count);
  }

  /** Where the oldest message is, if there is one. */
  #first(): number | undefined {
    this.#look();
    const head = this.#get(HEAD);
    return head === this.#get(TAIL) ? undefined : this.#skipped(head);
  }

  #skipped(at: number): number {
    return this.#lengths[at / 4] === SKIP ? 0 : at;
  }

  #after(start: number, length: number): number {
    const end = start + HEADER + filled(length);
    return end === this.#get(CAPACITY) ? 0 : end;
  }

  /** Where so many bytes may be written. */
  #reserve(bytes: number): number {
    const needed = filled(bytes);
    for (;;) {
      this.#look();
      const head = this.#get(HEAD);
      const tail = this.#get(TAIL);
      const capacity = this.#get(CAPACITY);
      // Never so much that tail would come to head: that would look empty.
      if (tail < head) {
        if (head - tail > needed) return tail;
      } else if (capacity - tail > needed || (capacity - tail === needed && head > 0)) {
        return tail;
      } else if (head > needed) {
        this.#lengths[tail / 4] = SKIP;
        return 0;
      }
      this.#grow(capacity, needed);
    }
  }

  #grow(capacity: number, needed: number): void {
    const head = this.#get(HEAD);
    const isWrapped = this.#get(TAIL) < head;
    const least = capacity + Math.max(needed + HEADER, isWrapped ? capacity - head : 0);
    if (least > MOST_BYTES) {
      throw new ValueError(
        `Cannot send a message of ${needed} bytes: ${MOST_BYTES} bytes are the most that may wait`,
      );
    }
    this.#extend(Math.min(Math.max(least, 2 * capacity), MOST_BYTES));
    let first = head;
    if (isWrapped) {
      // What is to be read before it goes round stays at the end, where it says so.
      first = this.#buffer.byteLength - (capacity - head);
      new Uint8Array(this.#buffer).copyWithin(first, head, capacity);
    }
    this.#set(GROWN, first + 1);
    this.#finishGrowing(first);
  }

  #extend(bytes: number): void {
    if (this.#buffer.byteLength >= bytes) return;
    try {
      this.#buffer.grow(bytes);
    } catch (cause) {
      throw new ValueError(`Cannot send a message: no memory for ${bytes} bytes that wait`, {
        cause,
      });
    }
  }

  /** To do it once more, or to do the rest, comes to the same. */
  #finishGrowing(first: number): void {
    this.#set(HEAD, first);
    this.#set(CAPACITY, this.#buffer.byteLength);
    this.#set(GROWN, 0);
  }

  /** Another thread may have had it grow. */
  #look(): void {
    const capacity = this.#get(CAPACITY);
    if (this.#bytes.length === capacity) return;
    this.#bytes = new Uint8Array(this.#buffer, 0, capacity);
    this.#lengths = new Int32Array(this.#buffer, 0, capacity / 4);
  }

  /** Under the guard nobody else writes. */
  #get(word: number): number {
    return this.#words[word]!;
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }
}

/** So many bytes, and what makes up a unit. */
function filled(length: number): number {
  return Math.ceil(length / UNIT) * UNIT;
}

/** Bytes of the table of so many parts. */
function tableLength(parts: number): number {
  return filled(4 * parts);
}
