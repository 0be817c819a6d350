/**
 * The side of a child that puts items into queues of its parent's: what is put in one go is sent in one message,
 * and answered in few. The parent's side is `_queue_puts.ts`.
 *
 * Items leave when what runs now gives way, and before anything else is sent; so what one process puts, and
 * whatever else it says, arrives in that order. A put is answered once its item is in the queue, or can't be.
 */

import { actsFor, type Identity } from "../../sync/_identity.ts";
import { itemAsBytes } from "./_item_bytes.ts";
import type { PutsMessage } from "../objects/_object_protocol.ts";
import { Slip } from "./_slip.ts";

/** Bytes that go together, with one write. Larger items go by themselves. */
const MOST_BYTES = 48 * 1024;

/** What is needed of the way. */
export interface PutsLink {
  /** Begins a call: its number, and the promise of its answer. */
  expect(realm: number): { call: number; answer: Promise<unknown> };
  /** Sends a message, and says nothing before. */
  post(message: PutsMessage): void;
}

/** See the head of the file. */
export class PutsTogether {
  readonly #link: PutsLink;
  /** Those that are to leave: each its length, and its bytes, filled up to four. */
  readonly #words = new Int32Array(MOST_BYTES / 4);
  readonly #bytes = new Uint8Array(this.#words.buffer);
  #used = 0;
  #count = 0;
  /** Whose they are, for which queue, and the first one's call. */
  #object = 0;
  #who: Identity = { realm: 0, task: 0 };
  #call = 0;

  constructor(link: PutsLink) {
    this.#link = link;
  }

  /**
   * Puts an item.
   *
   * @returns `undefined` when it has to go by itself.
   * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
   */
  put(object: number, item: unknown): Promise<unknown> | undefined {
    const bytes = itemAsBytes(item);
    if (bytes === undefined) return undefined;
    const words = 1 + Math.ceil(bytes.length / 4);
    if (words > this.#words.length) return undefined;
    const who = actsFor();
    const fits = this.#used + words <= this.#words.length && object === this.#object &&
      who.realm === this.#who.realm && who.task === this.#who.task;
    if (this.#count > 0 && !fits) this.flush();
    const { call, answer } = this.#link.expect(who.realm);
    if (this.#count === 0) {
      this.#object = object;
      this.#who = who;
      this.#call = call;
      queueMicrotask(() => this.flush());
    }
    this.#write(bytes);
    return answer;
  }

  #write(bytes: Uint8Array | Slip): void {
    const { length } = bytes;
    const words = this.#words;
    words[this.#used++] = length;
    const at = this.#used;
    this.#used += Math.ceil(length / 4);
    this.#count++;
    if (!(bytes instanceof Slip)) this.#bytes.set(bytes, 4 * at);
    else for (let i = 0; 4 * i < length; i++) words[at + i] = bytes.words[i]!;
  }

  /** Sends them; whether there were any. */
  flush(): boolean {
    const count = this.#count;
    if (count === 0) return false;
    const items = new Uint8Array(this.#words.buffer.slice(0, 4 * this.#used));
    const { realm, task } = this.#who;
    this.#used = this.#count = 0;
    this.#link.post({
      kind: "puts",
      call: this.#call,
      object: this.#object,
      items,
      count,
      realm,
      task,
    });
    return true;
  }
}
