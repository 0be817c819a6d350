/** Messages in shared words, which the stepper can see. */

/** Words written by one side and read by the other; word 0 counts them. */
export class Mail {
  #read = 0;

  constructor(readonly words: Int32Array<SharedArrayBuffer>) {}

  post(word: number): void {
    const count = Atomics.load(this.words, 0);
    this.words[1 + count] = word;
    Atomics.store(this.words, 0, count + 1);
    Atomics.notify(this.words, 0);
  }

  /** The next word, or `undefined` when there is none yet. */
  poll(): number | undefined {
    if (this.#read === Atomics.load(this.words, 0)) return undefined;
    return this.words[1 + this.#read++];
  }

  receive(): number {
    for (;;) {
      const word = this.poll();
      if (word !== undefined) return word;
      Atomics.wait(this.words, 0, this.#read);
    }
  }
}
