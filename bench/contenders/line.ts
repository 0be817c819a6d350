/** Callers that wait for one worker, which answers in the order it was asked. */
export class Line {
  #waiting: ((value: unknown) => void)[] = [];
  #head = 0;

  get length(): number {
    return this.#waiting.length - this.#head;
  }

  wait(): Promise<unknown> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  answer(value: unknown): void {
    this.#waiting[this.#head++]?.(value);
    if (this.length > 0) return;
    this.#waiting = [];
    this.#head = 0;
  }
}

/** The one with the fewest waiting. */
export function shortest<T extends { readonly line: Line }>(all: readonly T[]): T {
  return all.reduce((best, one) => one.line.length < best.line.length ? one : best);
}
