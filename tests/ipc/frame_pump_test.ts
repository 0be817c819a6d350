/**
 * Messages through a stream: they leave in order and in few writes, whatever their sizes are and however
 * little the stream takes at a time, and what has not left is known.
 */

import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { type Message, newMarker } from "../../ipc/bytes/_frame.ts";
import { type ByteSink, FrameWriter, readFrames } from "../../ipc/bytes/_frame_pump.ts";
import { FrameReader } from "../../ipc/bytes/_frame_reader.ts";
import { snapshot } from "../../ipc/values/_snapshots.ts";
import { joinBytes } from "../support/join_bytes.ts";
import { below, pick, type Random, randomFrom } from "../support/random_values.ts";

/** What the writer gathers at the most. */
const GATHERED = 65_536;
const MARKER = newMarker();

/** Keeps what is written; takes no more than `most` bytes at a time. */
class Recorder implements ByteSink {
  readonly writes: Uint8Array[] = [];
  readonly #copies: Uint8Array[] = [];
  readonly #most: () => number;

  constructor(most: () => number = () => Infinity) {
    this.#most = most;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.#most());
    this.writes.push(taken);
    await Promise.resolve();
    // What is being written must stand until it is.
    this.#copies.push(taken.slice());
    return taken.length;
  }

  /** All that was written, in one piece. */
  get stream(): Uint8Array {
    return joinBytes(this.#copies);
  }
}

function unexpected(error: unknown): never {
  throw error;
}

function messagesIn(stream: Uint8Array): Message[] {
  const reader = new FrameReader({ marker: MARKER });
  const messages = Array.from(reader.push(stream), copyOf);
  reader.end();
  return messages;
}

function copyOf(message: Message): Message {
  return message.map((part) => part.slice());
}

/** A part whose length is likely to meet an edge of what is gathered. */
function randomPart(random: Random): Uint8Array {
  const edge = pick(random, [0, 40, 1000, 30_000, GATHERED]);
  const length = Math.max(0, edge + below(random, 60) - 50);
  return new Uint8Array(length).fill(below(random, 256));
}

function randomMessages(random: Random, most: number): Message[] {
  return Array.from(
    { length: 1 + below(random, most) },
    () => Array.from({ length: 1 + below(random, 4) }, () => randomPart(random)),
  );
}

Deno.test("messages of any sizes arrive in order, however little the stream takes at a time", async () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = randomFrom(seed);
    const recorder = new Recorder(() => 1 + below(random, pick(random, [50, 5000, 200_000])));
    const writer = new FrameWriter(recorder, MARKER, unexpected);
    const messages = randomMessages(random, 20);
    for (const message of messages) {
      writer.send(message);
      if (below(random, 4) === 0) await writer.drained();
    }
    await writer.drained();
    assertEquals(messagesIn(recorder.stream), messages, `seed ${seed}`);
    assertEquals([writer.written, writer.unwritten().length], [messages.length, 0]);
  }
});

Deno.test("messages that are sent while another leaves go together, in one write", async () => {
  const recorder = new Recorder();
  const writer = new FrameWriter(recorder, MARKER, unexpected);
  for (let i = 0; i < 500; i++) writer.send([Uint8Array.of(i), Uint8Array.of(i)]);
  await writer.drained();
  assertEquals(recorder.writes.length, 2);
  assertEquals(messagesIn(recorder.stream).length, 500);
});

Deno.test("a large part is written as it is, without a copy", async () => {
  const recorder = new Recorder();
  const writer = new FrameWriter(recorder, MARKER, unexpected);
  const large = new Uint8Array(3 * GATHERED).fill(7);
  writer.send([Uint8Array.of(1), large, Uint8Array.of(2)]);
  await writer.drained();
  assertEquals(recorder.writes.length, 3);
  assertStrictEquals(recorder.writes[1]!.buffer, large.buffer);
});

Deno.test("what has not left as a whole is known, and what leaves is not counted before", async () => {
  const gates: ((count: number) => void)[] = [];
  const sink = {
    write: () => new Promise<number>((resolve) => gates.push(resolve)),
  };
  const writer = new FrameWriter(sink, MARKER, unexpected);
  const [first, second, third] = [[Uint8Array.of(1)], [Uint8Array.of(2)], [Uint8Array.of(3)]];
  writer.send(first);
  writer.send(second);
  writer.send(third);
  assertEquals([writer.written, writer.unwritten()], [0, [first, second, third]]);
  gates[0]!(43);
  await settled(() => gates.length === 2);
  assertEquals([writer.written, writer.unwritten()], [1, [second, third]]);
  gates[1]!(86);
  await writer.drained();
  assertEquals([writer.written, writer.unwritten()], [3, []]);
});

Deno.test("a stream that fails is told once, and what is sent after that is dropped", async () => {
  const errors: unknown[] = [];
  const failure = new Deno.errors.BrokenPipe("gone");
  const sink = { write: () => Promise.reject(failure) };
  const writer = new FrameWriter(sink, MARKER, (error) => errors.push(error));
  writer.send([Uint8Array.of(1)]);
  writer.send([Uint8Array.of(2)]);
  await writer.drained();
  writer.send([Uint8Array.of(3)]);
  await writer.drained();
  assertEquals([errors, writer.written, writer.unwritten()], [[failure], 0, []]);
});

Deno.test("what was written is read again, in chunks of any size", async () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = randomFrom(seed);
    const recorder = new Recorder();
    const writer = new FrameWriter(recorder, MARKER, unexpected);
    const messages = randomMessages(random, 30);
    for (const message of messages) writer.send(message);
    await writer.drained();
    const found: Message[] = [];
    const source = sourceOf(recorder.stream, () => 1 + below(random, 100_000));
    const reader = new FrameReader({ marker: MARKER });
    await readFrames(source, reader, (message) => found.push(copyOf(message)));
    assertEquals(found, messages, `seed ${seed}`);
  }
});

/** Gives bytes out, a few at a time. */
function sourceOf(stream: Uint8Array, most: () => number) {
  let at = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      const piece = stream.subarray(at, at + Math.min(into.length, most()));
      if (piece.length === 0) return Promise.resolve(null);
      into.set(piece);
      at += piece.length;
      return Promise.resolve(piece.length);
    },
  };
}

async function settled(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !condition(); turn++) await Promise.resolve();
  assert(condition(), "it did not come to that");
}

Deno.test("the memory of a copy is not used again while its message counts as unwritten", async () => {
  const written = Promise.withResolvers<void>();
  let writes = 0;
  const sink: ByteSink = {
    async write(bytes) {
      // All of the copy has left when its tail does, with what is gathered behind it.
      if (++writes === 3) await written.promise;
      return bytes.length;
    },
  };
  const writer = new FrameWriter(sink, MARKER, unexpected);
  const copy = snapshot(new Uint8Array(2 ** 21).fill(1));
  writer.send([new Uint8Array([0]), copy]);
  while (writes < 3) await Promise.resolve();
  assertStrictEquals(writer.unwritten()[0]![1], copy);
  const next = snapshot(new Uint8Array(2 ** 21).fill(2));
  assertNotStrictEquals(next.buffer, copy.buffer);
  written.resolve();
  await writer.drained();
  assertEquals(writer.unwritten(), []);
  assertStrictEquals(snapshot(new Uint8Array(2 ** 21)).buffer, copy.buffer);
});
