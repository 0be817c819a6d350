/** Catches what this program would write to its standard error, for as long as it is in scope. */
export class CapturedErrors implements Disposable {
  #text = "";
  readonly #decoder = new TextDecoder();

  /** @param gate Awaited before each write. */
  constructor(gate: () => Promise<void> = () => Promise.resolve()) {
    Object.defineProperty(Deno.stderr, "write", {
      configurable: true,
      value: async (bytes: Uint8Array) => {
        await gate();
        // Not all at once: that is how streams are.
        const part = bytes.subarray(0, 1000);
        this.#text += this.#decoder.decode(part, { stream: true });
        return part.length;
      },
    });
  }

  /** All so far. */
  get text(): string {
    return this.#text;
  }

  [Symbol.dispose](): void {
    Reflect.deleteProperty(Deno.stderr, "write");
  }
}
