export class FrameError extends Error {}
export function frame(parts: readonly Uint8Array[], marker: Uint8Array): Uint8Array[] {
  const n = parts.reduce((s, p) => s + p.length, 0);
  const h = new Uint8Array(20);
  h.set(marker);
  new DataView(h.buffer).setUint32(16, n);
  return [h, ...parts];
}
export class FrameReader {
  #buf = new Uint8Array(0);
  #m: Uint8Array;
  #stray: ((b: Uint8Array) => void) | undefined;
  constructor(
    { marker, stray }: { marker: Uint8Array; limit?: number; stray?: (b: Uint8Array) => void },
  ) {
    this.#m = marker;
    this.#stray = stray;
  }
  push(chunk: Uint8Array): Uint8Array[] {
    const b = new Uint8Array(this.#buf.length + chunk.length);
    b.set(this.#buf);
    b.set(chunk, this.#buf.length);
    this.#buf = b;
    const out: Uint8Array[] = [];
    for (;;) {
      const buf = this.#buf;
      let at = -1;
      for (let i = 0; i + 16 <= buf.length; i++) {
        if (this.#m.every((x, j) => buf[i + j] === x)) {
          at = i;
          break;
        }
      }
      if (at < 0) {
        if (this.#stray && buf.length) {
          this.#stray(buf);
          this.#buf = new Uint8Array(0);
        }
        break;
      }
      if (at > 0) {
        if (!this.#stray) throw new FrameError("garbage");
        this.#stray(buf.subarray(0, at));
        this.#buf = buf.subarray(at);
        continue;
      }
      if (buf.length < 20) break;
      const n = new DataView(buf.buffer, buf.byteOffset).getUint32(16);
      if (buf.length < 20 + n) break;
      out.push(buf.slice(20, 20 + n));
      this.#buf = buf.subarray(20 + n);
    }
    return out;
  }
  end(): void {}
}
