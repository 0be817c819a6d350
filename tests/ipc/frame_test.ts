/**
 * Frames in a stream of bytes, cut into chunks wherever it may be: what is whole is given out, what is
 * the user's own output is left alone, and what is broken is noticed, at once, and told.
 */

import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Assembler } from "../../ipc/bytes/_fragments.ts";
import {
  FRAME_VERSION,
  Framer,
  HEADER_LENGTH,
  MARKER_LENGTH,
  messageLength,
  newMarker,
} from "../../ipc/bytes/_frame.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { FrameReader } from "../../ipc/bytes/_frame_reader.ts";
import { fromBytes, toBytes } from "../../ipc/bytes/_bytes.ts";
import { joinBytes } from "../support/join_bytes.ts";
import { below, pick, type Random, randomFrom } from "../support/random_values.ts";
import { assertSame } from "../support/sameness.ts";

/** A marker whose beginnings repeat, so that a search that falls back wrongly would miss it. */
const REPEATING = Uint8Array.of(
  255,
  65,
  255,
  65,
  66,
  255,
  65,
  255,
  65,
  255,
  65,
  66,
  255,
  65,
  255,
  65,
);
const MARKER = Uint8Array.from({ length: MARKER_LENGTH }, (_, i) => 255 - 3 * i);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message as it is written; the parts of `text` are between bars. */
function framed(text: string, marker: Uint8Array = MARKER): Uint8Array<ArrayBuffer> {
  return new Framer(marker).frame(text.split("|").map((part) => encoder.encode(part)));
}

/** The text of which a message was made. */
function textOf(message: readonly Uint8Array[]): string {
  return message.map((part) => decoder.decode(part)).join("|");
}

/** Reads chunks to the end. */
function read(reader: FrameReader, chunks: Iterable<Uint8Array>): string[] {
  const messages: string[] = [];
  for (const chunk of chunks) {
    for (const message of reader.push(chunk)) messages.push(textOf(message));
  }
  reader.end();
  return messages;
}

/** What a reader gives out until it fails, and how. */
function readUntilFailure(
  reader: FrameReader,
  chunks: readonly Uint8Array[],
): [string[], FrameError] {
  const messages: string[] = [];
  const error = assertThrows(() => {
    for (const chunk of chunks) {
      for (const message of reader.push(chunk)) messages.push(textOf(message));
    }
    reader.end();
  }, FrameError);
  return [messages, error];
}

/** Cuts bytes into chunks of up to `longest`, in memory that is filled with rubbish when it was read. */
function* cut(random: Random, bytes: Uint8Array, longest: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.slice(at, at + below(random, longest) + 1);
    at += chunk.length;
    yield chunk;
    chunk.fill(0xee);
  }
}

Deno.test("messages come out as they went in, in order, empty ones too, of one part or more", () => {
  const messages = [
    "one",
    "",
    "of|three|parts",
    "|",
    "||x",
    "x".repeat(100_000),
    "big ".repeat(9999) + "|b",
  ];
  const stream = joinBytes(messages.map((message) => framed(message)));
  assertEquals(read(new FrameReader({ marker: MARKER }), [stream]), messages);
});

Deno.test("a frame is marker, version, more, length, its complement, payload and trailer", () => {
  const bytes = new Framer(MARKER).frame([Uint8Array.of(7, 8), new Uint8Array(0)]);
  const trailer = MARKER.map((byte) => ~byte);
  assertEquals([...bytes], [
    ...[...MARKER, FRAME_VERSION, 1, 2, 0, 0, 0, 253, 255, 255, 255, 7, 8, ...trailer],
    ...[...MARKER, FRAME_VERSION, 0, 0, 0, 0, 0, 255, 255, 255, 255, ...trailer],
  ]);
});

Deno.test("a message too long for a frame is refused before it is sent", () => {
  const huge = new Proxy(new Uint8Array(1), {
    get: (target, key) => key === "byteLength" ? 2 ** 31 + 1 : Reflect.get(target, key),
  });
  assertThrows(() => messageLength([huge]), RangeError, "2147483649 bytes, where 2147483648");
});

Deno.test("pieces of a message that gets too long are refused, however many there are", () => {
  const assembler = new Assembler(100);
  const goesOn = new Uint8Array(41).fill(1);
  const ends = new Uint8Array(21);
  for (let message = 0; message < 3; message++) {
    assertEquals(assembler.add(goesOn), undefined);
    assertEquals(assembler.add(goesOn), undefined);
    assertEquals(assembler.add(ends)!.map(({ length }) => length), [100]);
  }
  assembler.add(goesOn);
  assembler.add(goesOn);
  assertThrows(() => assembler.add(goesOn), FrameError, "120 bytes, where 100 are the most");
});

Deno.test("markers are of random bytes, but for the first, which no text has", () => {
  const markers = Array.from({ length: 100 }, newMarker);
  assertEquals(new Set(markers.map(String)).size, 100);
  assert(markers.every((marker) => marker.length === MARKER_LENGTH && marker[0] === 0xff));
  assertThrows(() => new FrameReader({ marker: new Uint8Array(3) }), TypeError, "16 bytes");
  assertThrows(() => new Framer(new Uint8Array(3)), TypeError, "16 bytes");
});

// ---- Any cutting ---------------------------------------------------------------------------------

/** What may stand between frames: text, and bytes made of the marker's and the trailer's own. */
function randomStray(random: Random, marker: Uint8Array): Uint8Array {
  const trailer = marker.map((byte) => ~byte);
  const pieces = Array.from({ length: below(random, 6) }, () =>
    pick(random, [
      () => encoder.encode("user output\n"),
      () => marker.slice(0, below(random, MARKER_LENGTH)),
      () => marker.slice(below(random, MARKER_LENGTH - 1) + 1),
      () => trailer.slice(0, below(random, MARKER_LENGTH)),
      () => Uint8Array.from({ length: below(random, 9) }, () => below(random, 256)),
    ])());
  return joinBytes(pieces);
}

/** Whether stray bytes, with the marker that follows them, look like a frame's beginning or end. */
function hasMarks(stray: Uint8Array, marker: Uint8Array): boolean {
  return includes(joinBytes([stray, marker.slice(0, -1)]), marker) ||
    includes(stray, marker.map((byte) => ~byte));
}

/** Whether `bytes` have `part` in them. */
function includes(bytes: Uint8Array, part: Uint8Array): boolean {
  return Array.from(bytes).join().includes(Array.from(part).join());
}

Deno.test("however a stream is cut, the same messages and stray bytes come out", () => {
  let streams = 0;
  for (let seed = 1; seed <= 3000; seed++) {
    const random = randomFrom(seed);
    const marker = pick(random, [MARKER, REPEATING, newMarker()]);
    const messages: string[] = [];
    const strays: Uint8Array[] = [];
    const stream: Uint8Array[] = [];
    for (let n = below(random, 8) + 1; n > 0; n--) {
      const stray = randomStray(random, marker);
      const message = random() < 0.2
        ? "long ".repeat(below(random, 300))
        : `${n}`.repeat(below(random, 40)) + "|part".repeat(below(random, 3));
      strays.push(stray);
      messages.push(message);
      stream.push(stray, framed(message, marker));
    }
    strays.push(randomStray(random, marker));
    stream.push(strays.at(-1)!);
    if (strays.some((stray) => hasMarks(stray, marker))) continue;
    streams++;
    const seen: Uint8Array[] = [];
    const reader = new FrameReader({ marker, stray: (bytes) => void seen.push(bytes) });
    const chunks = cut(random, joinBytes(stream), pick(random, [1, 3, 20, 100, 5000]));
    assertEquals(read(reader, chunks), messages, `seed ${seed}`);
    assertEquals(joinBytes(seen), joinBytes(strays), `seed ${seed}`);
  }
  assert(streams > 1500, `${streams} streams were read`);
});

Deno.test("however a stream without stray bytes is cut, the same messages come out", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = randomFrom(seed);
    const messages = Array.from({ length: 9 }, () => "payload ".repeat(below(random, 30)));
    const stream = joinBytes(messages.map((message) => framed(message)));
    const chunks = cut(random, stream, pick(random, [1, 5, 50, 500]));
    assertEquals(read(new FrameReader({ marker: MARKER }), chunks), messages, `seed ${seed}`);
  }
});

Deno.test("a message of one part in one chunk is a piece of it, all others have their own memory", () => {
  const push = (chunk: Uint8Array) => [...new FrameReader({ marker: MARKER }).push(chunk)];
  const chunk = joinBytes([framed("one"), framed("of|two"), framed("three")]);
  const [one, two, three] = push(chunk);
  assertEquals([one, three].map((message) => message![0]!.buffer === chunk.buffer), [true, true]);
  assertEquals(two!.map((part) => part.buffer.byteLength), [2, 3]);
  // All of it is there but the last byte of its trailer: the chunk may be used again before that comes.
  const reader = new FrameReader({ marker: MARKER });
  const bytes = framed("payload");
  assertEquals([...reader.push(bytes.subarray(0, -1))], []);
  const [[part]] = [...reader.push(bytes.subarray(-1))] as [[Uint8Array]];
  assertNotStrictEquals(part.buffer, bytes.buffer);
  assertEquals(part.buffer.byteLength, 7);
});

Deno.test("stray bytes have their own memory", () => {
  const seen: Uint8Array[] = [];
  const reader = new FrameReader({ marker: MARKER, stray: (bytes) => void seen.push(bytes) });
  const chunk = encoder.encode("the user's");
  assertEquals([...reader.push(chunk)], []);
  chunk.fill(0);
  assertEquals(seen.map((bytes) => decoder.decode(bytes)), ["the user's"]);
});

Deno.test("text is handed over at once, what may begin a marker when it proves to be none", () => {
  const seen: string[] = [];
  const marker = newMarker();
  const reader = new FrameReader({ marker, stray: (bytes) => void seen.push(bytes.join()) });
  const push = (bytes: Uint8Array) => void [...reader.push(bytes)];
  push(encoder.encode("a"));
  assertEquals(seen, ["97"]);
  push(marker.subarray(0, 5));
  assertEquals(seen, ["97"]);
  push(encoder.encode("b"));
  assertEquals(seen, ["97", `${marker.subarray(0, 5).join()},98`]);
  push(marker.subarray(0, 15));
  assertEquals(seen.length, 2);
  reader.end();
  assertEquals(seen[2], marker.subarray(0, 15).join());
});

/** Reads a stream as a socket would give it, into one memory for chunks, and to where the reader says. */
function* receive(
  reader: FrameReader,
  stream: Uint8Array,
  most: (end: number) => number,
): Generator<readonly Uint8Array[]> {
  const memory = new Uint8Array(65_536);
  for (let at = 0; at < stream.length;) {
    const { space } = reader;
    const target = space ?? memory;
    const bytes = stream.subarray(at, at + most(target.length));
    at += bytes.length;
    target.set(bytes);
    if (space !== undefined) reader.fill(bytes.length);
    else yield* reader.push(memory.subarray(0, bytes.length));
  }
  reader.end();
}

Deno.test("what is left of a long payload can be read to its place, however it comes", () => {
  const values = [
    { large: new Uint8Array(4e5).map((_, i) => i * 7), text: "x".repeat(2e5) },
    {
      several: [1e5, 7e4, 65_536, 65_537, 4e4].map((length) => new Uint8Array(length).fill(length)),
    },
    "small",
  ];
  for (let seed = 1; seed <= 20; seed++) {
    const random = randomFrom(seed);
    const stream = joinBytes(values.map((value) => new Framer(MARKER).frame(toBytes(value))));
    const most = pick(random, [1e3, 6e4, 1e9]);
    const reader = new FrameReader({ marker: MARKER });
    const found: unknown[] = [];
    const messages = receive(reader, stream, (end) => Math.min(end, below(random, most) + 1));
    for (const message of messages) found.push(fromBytes(message));
    assertSame(found, values, `seed ${seed}`);
  }
});

Deno.test("64 MB arrive in one piece of memory, which becomes the value's", () => {
  const large = new Uint8Array(64 * 2 ** 20);
  for (let i = 0; i < large.length; i += 1000) large[i] = i;
  for (const size of [100_000, 1e6]) {
    const reader = new FrameReader({ marker: MARKER });
    const messages: (readonly Uint8Array[])[] = [];
    const stream = new Framer(MARKER).frame(toBytes(large));
    for (let at = 0; at < stream.length; at += size) {
      messages.push(...reader.push(stream.subarray(at, at + size)));
    }
    reader.end();
    assertEquals([messages.length, messages[0]!.length], [1, 2]);
    const value = fromBytes(messages[0]!) as Uint8Array;
    assertStrictEquals(value.buffer, messages[0]![1]!.buffer);
    assertEquals([value.length, value.buffer.byteLength], [large.length, large.length]);
    for (let i = 0; i < large.length; i += 1000) {
      if (value[i] !== large[i]) assertEquals(value[i], large[i], `byte ${i}`);
    }
  }
});

Deno.test("values travel as frames through memory that is used again and again", () => {
  const values = Array.from({ length: 200 }, (_, i) => ({
    i,
    text: `value ${i} `.repeat(i % 9),
    bytes: new Uint8Array(i * 350).fill(i),
  }));
  const stream = joinBytes(values.map((value) => new Framer(MARKER).frame(toBytes(value))));
  const found: unknown[] = [];
  const messages = receive(
    new FrameReader({ marker: MARKER }),
    stream,
    (end) => Math.min(end, 5000),
  );
  for (const message of messages) found.push(fromBytes(message));
  assertEquals(found, values);
});

// ---- What is broken ------------------------------------------------------------------------------

Deno.test("anything that is no frame is quoted, where there must be nothing else", () => {
  const cases: [chunks: Uint8Array[], quoted: string][] = [
    [
      [encoder.encode('thread "main" panicked at src/main.rs: the rest is not quoted')],
      'thread \\"',
    ],
    [[Uint8Array.of(0, 7, 255)], "\\u0000\\u0007"],
    [[MARKER.subarray(0, 9), encoder.encode("text")], "text"],
    [[joinBytes([framed("one"), encoder.encode("text")])], "text"],
    [[joinBytes([framed("one"), MARKER.subarray(1), framed("two")])], "\ufffd"],
  ];
  for (const [chunks, quoted] of cases) {
    const [, { message }] = readUntilFailure(new FrameReader({ marker: MARKER }), chunks);
    assert(message.startsWith("Cannot read a frame: there is something else"), message);
    assert(message.includes(quoted) && !message.includes("not quoted"), message);
  }
});

Deno.test("another version is refused, naming both", () => {
  const bytes = framed("one");
  bytes[MARKER_LENGTH] = 9;
  const [messages, { message }] = readUntilFailure(new FrameReader({ marker: MARKER }), [bytes]);
  assertEquals(messages, []);
  assert(message.includes(`another version: 9, where ${FRAME_VERSION} is known`), message);
  const beginning = bytes.subarray(0, MARKER_LENGTH + 1);
  const [, early] = readUntilFailure(new FrameReader({ marker: MARKER }), [beginning]);
  assert(early.message.includes("another version: 9"), early.message);
});

Deno.test("a length over the limit is refused by its header alone, naming both", () => {
  const within = framed("x".repeat(10));
  assertEquals(read(new FrameReader({ marker: MARKER, limit: 10 }), [within]), ["x".repeat(10)]);
  const header = framed("x".repeat(11)).subarray(0, MARKER_LENGTH + HEADER_LENGTH);
  const [, error] = readUntilFailure(new FrameReader({ marker: MARKER, limit: 10 }), [header]);
  assert(error.message.includes("11 bytes, where 10 are the most"), error.message);
  const several = joinBytes([within, within, within]);
  assertEquals(read(new FrameReader({ marker: MARKER, limit: 10 }), [several]).length, 3);
  const parts = framed("x".repeat(6) + "|" + "x".repeat(6));
  const [, sum] = readUntilFailure(new FrameReader({ marker: MARKER, limit: 10 }), [parts]);
  assert(sum.message.includes("12 bytes, where 10 are the most"), sum.message);
  const most = new DataView(header.slice().buffer);
  most.setUint32(MARKER_LENGTH + 2, 2 ** 32 - 1, true);
  most.setUint32(MARKER_LENGTH + 6, 0, true);
  const bytes = new Uint8Array(most.buffer);
  const [, largest] = readUntilFailure(new FrameReader({ marker: MARKER }), [bytes]);
  assert(largest.message.includes("4294967295 bytes, where 2147483648"), largest.message);
});

Deno.test("a stream that ends inside a frame is a fault that says where", () => {
  const bytes = framed("payload");
  const places: Record<string, number[]> = {
    marker: [1, 15],
    header: [16, 17, 25],
    "payload after 0 of 7 bytes": [26],
    "payload after 6 of 7 bytes": [32],
    trailer: [33, 48],
  };
  for (const [place, ends] of Object.entries(places)) {
    for (const end of ends) {
      const chunks = [framed("before"), bytes.subarray(0, end)];
      const [messages, { message }] = readUntilFailure(new FrameReader({ marker: MARKER }), chunks);
      assertEquals(messages, ["before"]);
      assertEquals(message, `Cannot read a frame: the stream ended in its ${place}`);
    }
  }
  for (const stray of [undefined, () => {}]) {
    const reader = new FrameReader({ marker: MARKER, ...(stray && { stray }) });
    const bytes = framed("one|two").subarray(0, framed("one").length);
    const [, { message }] = readUntilFailure(reader, [bytes]);
    assertEquals(message, "Cannot read a message: the stream ended after 1 of its parts");
  }
});

Deno.test("bytes that got into a frame are noticed with no more bytes than it has, wherever they are", () => {
  const whole = framed("a payload|of some length");
  const intruders = ["x", "hello", "a longer line of a grandchild's output\n"].map((s) =>
    encoder.encode(s)
  );
  for (const stray of [undefined, () => {}]) {
    for (let at = 1; at < whole.length; at++) {
      // Between the two parts, where stray bytes may be.
      if (at === framed("a payload").length && stray !== undefined) continue;
      for (const intruder of intruders) {
        const reader = new FrameReader({ marker: MARKER, ...(stray && { stray }) });
        const bytes = joinBytes([
          framed("before"),
          whole.subarray(0, at),
          intruder,
          whole.subarray(at),
        ]);
        const messages: string[] = [];
        assertThrows(
          () => {
            for (const message of reader.push(bytes)) messages.push(textOf(message));
          },
          FrameError,
          "Cannot read a frame",
          `at ${at}`,
        );
        assertEquals(messages, ["before"]);
      }
    }
  }
});

Deno.test("a frame that lost bytes is never given out", () => {
  const whole = framed("a payload|of some length");
  for (let at = 0; at < whole.length; at++) {
    for (const stray of [undefined, () => {}]) {
      const reader = new FrameReader({ marker: MARKER, ...(stray && { stray }) });
      const bytes = joinBytes([whole.subarray(0, at), whole.subarray(at + 1), framed("after")]);
      const [messages] = readUntilFailure(reader, [bytes]);
      assertEquals(messages, [], `at ${at}`);
    }
  }
});

Deno.test("random bytes give nothing but stray bytes and faults", () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const random = randomFrom(seed);
    const seen: Uint8Array[] = [];
    const marker = newMarker();
    const reader = new FrameReader({
      marker,
      limit: 5000,
      stray: (bytes) => void seen.push(bytes),
    });
    const pieces = Array.from({ length: 5 }, () =>
      pick(random, [
        () => marker,
        () => framed("payload", marker).subarray(0, below(random, 40)),
        () => marker.map((byte) => ~byte),
        () => Uint8Array.from({ length: below(random, 30) }, () => below(random, 256)),
      ])());
    let whole = 0;
    try {
      for (const chunk of cut(random, joinBytes(pieces), 50)) {
        // Half a frame, and whatever comes before a trailer, may well be a frame.
        whole += [...reader.push(chunk)].length;
      }
      reader.end();
      if (whole === 0) assertEquals(joinBytes(seen), joinBytes(pieces), `seed ${seed}`);
    } catch (error) {
      assert(error instanceof FrameError, `seed ${seed}: ${error}`);
    }
  }
});

Deno.test("what came before a fault in the same chunk is given out, and the fault is told for good", () => {
  const reader = new FrameReader({ marker: MARKER });
  const bytes = joinBytes([
    framed("one"),
    framed("two"),
    encoder.encode("garbage"),
    framed("three"),
  ]);
  const [messages, error] = readUntilFailure(reader, [bytes]);
  assertEquals(messages, ["one", "two"]);
  assertStrictEquals(assertThrows(() => [...reader.push(framed("four"))]), error);
  assertStrictEquals(assertThrows(() => reader.end()), error);
});

Deno.test("a chunk that was not read to its end is noticed, not skipped", () => {
  const reader = new FrameReader({ marker: MARKER });
  for (const _ of reader.push(joinBytes([framed("one"), framed("two")]))) break;
  assertThrows(() => [...reader.push(framed("three"))], FrameError, "not read to its end");
  for (const _ of new FrameReader({ marker: MARKER }).push(framed("all of it"))) break;
  const other = new FrameReader({ marker: MARKER });
  for (const _ of other.push(joinBytes([framed("one"), framed("two")]))) {
    assertThrows(() => [...other.push(framed("two"))], FrameError, "not read to its end");
  }
});

Deno.test("what the receiver of stray bytes throws is thrown, and nothing is read after it", () => {
  const reader = new FrameReader({
    marker: MARKER,
    stray: () => {
      throw new RangeError("no room");
    },
  });
  assertThrows(() => [...reader.push(encoder.encode("text"))], RangeError, "no room");
  assertThrows(() => [...reader.push(framed("one"))], RangeError, "no room");
});
