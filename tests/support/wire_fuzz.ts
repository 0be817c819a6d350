/**
 * Streams that peers might send, good and bad, drawn from a seed, and what has to become of them.
 */

import { assert, assertEquals } from "@std/assert";
import { MessageReader } from "../../ipc/connections/_connection_frames.ts";
import { MessageTooLong } from "../../ipc/connections/_message_transport.ts";
import { LONGEST_MESSAGE } from "../../ipc/bytes/_frame.ts";
import { answer, challenge, type Channel } from "../../ipc/connections/_auth.ts";
import { AuthenticationError, EOFError, OSError } from "../../mod.ts";
import { below, pick, type Random, randomFrom } from "./random_values.ts";

/** Runs rounds of `round` for so long, each with its own seed; returns how many. */
async function rounds(
  seed: number,
  milliseconds: number,
  round: (random: Random) => void | Promise<void>,
): Promise<number> {
  const end = performance.now() + milliseconds;
  let count = 0;
  for (; performance.now() < end; count++) {
    const own = seed + count;
    try {
      await round(randomFrom(own));
    } catch (error) {
      throw new Error(`It failed for seed ${own}`, { cause: error });
    }
  }
  return count;
}

const LENGTHS = [0, 1, 3, 4, 5, 255, 256, 1020, 1024, 65_523, 65_524, 65_525, 65_536, 200_000];
const HEADERS = [-1, -2, -1000, -(2 ** 31), 2 ** 31 - 1, 0x2350_4f53];

/** A stream of messages, of which some may be none. */
function streamOf(random: Random): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let left = below(random, 6); left > 0; left--) {
    const length = random() < 0.1 ? pick(random, LENGTHS) : below(random, 600);
    const header = new DataView(new ArrayBuffer(random() < 0.2 ? 12 : 4));
    if (header.byteLength === 12) {
      header.setInt32(0, -1);
      header.setBigUint64(4, random() < 0.1 ? 1n << BigInt(below(random, 64)) : BigInt(length));
    } else header.setInt32(0, random() < 0.05 ? pick(random, HEADERS) : length);
    const payload = new Uint8Array(length);
    for (let i = 0; i < length; i += 1 + below(random, 50)) payload[i] = below(random, 256);
    pieces.push(new Uint8Array(header.buffer), payload);
  }
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  if (random() < 0.1 && whole.length > 0) whole[below(random, whole.length)]! ^= 0xff;
  return random() < 0.4 ? whole.subarray(0, below(random, whole.length + 1)) : whole;
}

type Expected = Uint8Array | "end" | "broken" | "too long";

/** What a stream is: told without any of the reader's means. */
function expectedOf(stream: Uint8Array, limit: number): Expected[] {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const expected: Expected[] = [];
  for (let at = 0;;) {
    const left = stream.length - at;
    if (left === 0) return [...expected, "end"];
    if (left < 4) return [...expected, "broken"];
    let length = view.getInt32(at);
    let header = 4;
    if (length === -1) {
      if (left < 12) return [...expected, "broken"];
      length = Number(view.getBigUint64(at + 4));
      header = 12;
    }
    if (length < 0 || length > LONGEST_MESSAGE) return [...expected, "broken"];
    if (length > limit) return [...expected, "too long"];
    at += header;
    if (at === stream.length && length > 0) return [...expected, "end"];
    if (at + length > stream.length) return [...expected, "broken"];
    expected.push(stream.subarray(at, at + length));
    at += length;
  }
}

function nameOf(error: unknown): Expected {
  if (error instanceof MessageTooLong) return "too long";
  if (error instanceof EOFError) return "end";
  assert(error instanceof OSError, String(error));
  return "broken";
}

function readRound(random: Random): void {
  const stream = streamOf(random);
  const limit = random() < 0.8 ? Infinity : below(random, 1000);
  const reader = new MessageReader();
  const got: Expected[] = [];
  let at = 0;
  while (got.at(-1) === undefined || got.at(-1) instanceof Uint8Array) {
    // Some look before they receive, as poll does.
    const isReady = random() < 0.5 ? reader.isReady : undefined;
    try {
      const message = reader.next(limit);
      if (message !== undefined) {
        assertEquals(message.buffer.byteLength, message.length, "memory of its own");
        got.push(message);
        continue;
      }
      // A long one is ready when it has begun.
      if (isReady === true) reader.next(limit);
    } catch (error) {
      got.push(nameOf(error));
      break;
    }
    const space = reader.space();
    assert(space.length > 0, "there is no space");
    const most = random() < 0.3 ? 1 + below(random, 8) : 70_000;
    const chunk = stream.subarray(at, at + Math.min(space.length, most));
    space.set(chunk);
    at += chunk.length;
    reader.advance(chunk.length === 0 ? null : chunk.length);
  }
  const expected = expectedOf(stream, limit);
  assertEquals(got.map(summary), expected.map(summary));
}

/** Messages are compared by their bytes as a text, which is faster than one by one. */
function summary(expected: Expected): string {
  return expected instanceof Uint8Array ? expected.toBase64() : `(${expected})`;
}

/** Reads streams for so long; returns how many. */
export function fuzzFrames(seed: number, milliseconds: number): Promise<number> {
  return rounds(seed, milliseconds, readRound);
}

/** One end of a way in memory, on which the `spoilt`th message is changed by `spoil`. */
class Line implements Channel {
  readonly #inbox: Uint8Array<ArrayBuffer>[] = [];
  readonly #waiting: PromiseWithResolvers<Uint8Array<ArrayBuffer>>[] = [];
  #other: Line | undefined = undefined;
  #hasEnded = false;

  static pair(pass: (message: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>): [Line, Line] {
    const [a, b] = [new Line(pass), new Line(pass)];
    a.#other = b;
    b.#other = a;
    return [a, b];
  }

  readonly #pass: (message: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;

  private constructor(pass: (message: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) {
    this.#pass = pass;
  }

  send_bytes(bytes: Uint8Array): Promise<void> {
    const message = this.#pass(new Uint8Array(bytes));
    const waiting = this.#other!.#waiting.shift();
    if (waiting === undefined) this.#other!.#inbox.push(message);
    else waiting.resolve(message);
    return Promise.resolve();
  }

  recv_bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const message = this.#inbox.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#hasEnded) return Promise.reject(new EOFError("the end"));
    const waiting = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** What a side does that has failed: hang up. */
  hangUp(): void {
    this.#other!.#hasEnded = true;
    for (const { reject } of this.#other!.#waiting.splice(0)) reject(new EOFError("the end"));
  }
}

function bytesFrom(random: Random, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => below(random, 256));
}

/** Two sides prove themselves to each other, and one message is not what it was. */
async function shakeRound(random: Random): Promise<void> {
  const key = bytesFrom(random, below(random, 40));
  const isWrong = random() < 0.3;
  const spoilt = random() < 0.7 ? below(random, 6) : -1;
  let count = 0;
  let isSpoilt = false;
  const [a, b] = Line.pair((message) => {
    if (count++ !== spoilt) return message;
    const changed = spoil(random, message);
    isSpoilt = changed.toHex() !== message.toHex();
    return changed;
  });
  const other = isWrong ? new Uint8Array([...key, 1]) : key;
  const nonce = bytesFrom(random, 40);
  const asked = new TextEncoder().encode("{sha256}");
  const message = new Uint8Array([...asked, ...nonce]);
  const outcomes = await Promise.allSettled([
    sideOf(a, async () => {
      await challenge(a, key, message);
      await answer(a, key);
    }),
    sideOf(b, async () => {
      await answer(b, other);
      await challenge(b, other, message);
    }),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") continue;
    const { reason } = outcome;
    assert(
      reason instanceof AuthenticationError || reason instanceof EOFError,
      `${reason?.stack ?? reason}`,
    );
  }
  const succeeded = outcomes.filter(({ status }) => status === "fulfilled").length;
  if (isWrong) assertEquals(succeeded, 0, "a wrong key was taken");
  else if (!isSpoilt) assertEquals(succeeded, 2, "a right key was refused");
  // The last message tells one side only.
  else assert(succeeded === 0 || spoilt === 5, "a changed message was taken");
}

async function sideOf(line: Line, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    line.hangUp();
    throw error;
  }
}

function spoil(random: Random, message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const kind = below(random, 5);
  if (kind === 0) return message.slice(0, below(random, message.length));
  if (kind === 1) return new Uint8Array([...message, below(random, 256)]);
  if (kind === 2) return bytesFrom(random, below(random, 256));
  if (kind === 3) return new TextEncoder().encode(pick(random, ["#WELCOME#", "#FAILURE#", ""]));
  const changed = message.slice();
  changed[below(random, message.length)]! ^= 1 << below(random, 8);
  return changed;
}

/** Lets two sides prove themselves for so long; returns how often. */
export function fuzzHandshake(seed: number, milliseconds: number): Promise<number> {
  return rounds(seed, milliseconds, shakeRound);
}
