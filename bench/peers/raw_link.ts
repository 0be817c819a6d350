/**
 * Frames over a Unix socket as anyone might write them, for `raw_process.ts` and `raw_child.ts`: four
 * bytes of length, one that the sender may use, one for the type, and a number or bytes.
 */
import type { Value } from "../kernels.ts";

const HEAD = 6;
const TYPE_NONE = 0;
const TYPE_NUMBER = 1;
const TYPE_BYTES = 2;

/** Larger parts are written and read without being copied once more. */
const LARGE = 64 * 1024;

/** What became of a frame at the other end. */
export type Handle = (tag: number, value: Value | undefined) => void;

/** One end of the connection. */
export class RawLink {
  readonly #connection: Deno.Conn;
  #out: Uint8Array[] = [];
  #writing = false;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Sends a frame; those that are sent while another leaves are written together. */
  send(tag: number, value: Value | undefined): void {
    const isBytes = value instanceof Uint8Array;
    const length = isBytes ? value.length : value === undefined ? 0 : 8;
    const whole = new Uint8Array(HEAD + (isBytes ? 0 : length));
    const view = new DataView(whole.buffer);
    view.setUint32(0, length);
    whole[4] = tag;
    whole[5] = isBytes ? TYPE_BYTES : value === undefined ? TYPE_NONE : TYPE_NUMBER;
    if (typeof value === "number") view.setFloat64(HEAD, value);
    this.#out.push(whole);
    if (isBytes) this.#out.push(value);
    if (!this.#writing) this.#drain();
  }

  /** Hands over every frame that comes, until the other end closes. */
  async listen(handle: Handle): Promise<void> {
    const buffer = new Uint8Array(LARGE);
    const view = new DataView(buffer.buffer);
    let filled = 0;
    for (;;) {
      const count = await this.#connection.read(buffer.subarray(filled));
      if (count === null) return;
      filled += count;
      let at = 0;
      while (filled - at >= HEAD) {
        const start = at + HEAD;
        const end = start + view.getUint32(at);
        if (end - at > LARGE) {
          const body = await this.#rest(buffer.subarray(start, filled), end - start);
          handle(buffer[at + 4]!, body);
          at = filled;
        } else if (end > filled) break;
        else {
          handle(buffer[at + 4]!, decode(buffer[at + 5]!, view, start, end));
          at = end;
        }
      }
      buffer.copyWithin(0, at, filled);
      filled -= at;
    }
  }

  close(): void {
    this.#connection.close();
  }

  async #rest(begun: Uint8Array, length: number): Promise<Uint8Array> {
    const body = new Uint8Array(length);
    body.set(begun);
    for (let at = begun.length; at < length;) {
      const count = await this.#connection.read(body.subarray(at));
      if (count === null) throw new Error("the other end has closed in the middle of a frame");
      at += count;
    }
    return body;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#out.length > 0) {
      const parts = this.#out;
      this.#out = [];
      for (const bytes of joined(parts)) {
        for (let at = 0; at < bytes.length;) {
          at += await this.#connection.write(bytes.subarray(at));
        }
      }
    }
    this.#writing = false;
  }
}

function decode(type: number, view: DataView, start: number, end: number): Value | undefined {
  if (type === TYPE_NONE) return undefined;
  if (type === TYPE_NUMBER) return view.getFloat64(start);
  return new Uint8Array(view.buffer.slice(start, end) as ArrayBuffer);
}

/** The same bytes in fewer parts. */
function* joined(parts: readonly Uint8Array[]): Iterable<Uint8Array> {
  let small: Uint8Array[] = [];
  for (const part of parts) {
    if (part.length < LARGE) small.push(part);
    else {
      yield* joinedSmall(small);
      small = [];
      yield part;
    }
  }
  yield* joinedSmall(small);
}

function* joinedSmall(parts: readonly Uint8Array[]): Iterable<Uint8Array> {
  if (parts.length < 2) return yield* parts;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  yield whole;
}
