/**
 * A line on the terminal that is written over and over again; nothing where there is no terminal.
 *
 * It needs no escape sequences: the carriage return goes back, spaces wipe out what was there. Writing
 * is synchronous, because the line has to move while a synchronous loop runs.
 */

import { cut, widthOf, windowWidth } from "./width.ts";

const INTERVAL = 100;

/** See the head of the file. */
export class ProgressLine implements Disposable {
  readonly #enabled = Deno.stderr.isTerminal();
  readonly #encoder = new TextEncoder();
  #width = 0;
  #next = 0;

  /** Shows a text, unless another was shown a moment ago. */
  show(text: () => string): void {
    if (!this.#enabled || performance.now() < this.#next) return;
    this.#next = performance.now() + INTERVAL;
    this.#write(cut(text(), windowWidth() - 1));
  }

  /** Wipes the line out. */
  clear(): void {
    if (this.#width === 0) return;
    this.#write("");
    this.#write("");
  }

  [Symbol.dispose](): void {
    this.clear();
  }

  #write(text: string): void {
    const width = widthOf(text);
    const line = text + " ".repeat(Math.max(0, this.#width - width));
    this.#width = width;
    const bytes = this.#encoder.encode(`\r${line}`);
    for (let at = 0; at < bytes.length;) at += Deno.stderr.writeSync(bytes.subarray(at));
  }
}
