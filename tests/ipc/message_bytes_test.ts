/**
 * Messages between processes as bytes: small tasks and answers in a form of their own, all else as values,
 * and nobody can tell by what arrives.
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { toBytes } from "../../ipc/bytes/_bytes.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { messageFromBytes, messageToBytes } from "../../ipc/bytes/_message_bytes.ts";
import {
  ANNOUNCED,
  type AnswersMessage,
  ENCODED,
  type FromWorker,
  type RunMessage,
  SHAPE_BITS,
  Status,
  type ToWorker,
} from "../../ipc/workers/_protocol.ts";
import { assertSame } from "../support/sameness.ts";

/** The most bytes of a message in the form of small ones: no message as a value has so few. */
const SMALL = 40;

const PRIMITIVES = [
  ...[undefined, null, true, false, "", "text", "Größe – 大小", "\ud800", 0n, -5n, 2n ** 70n],
  ...[0, -0, 1, -1, 127, 128, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 5e-324],
];

function task(values: readonly unknown[], flags = 0, slot = 5): RunMessage {
  const shape = values.length << SHAPE_BITS | flags;
  return { kind: "run", calls: null, heads: [slot, 70_000, shape], values };
}

function answer(value: unknown, status: number = Status.returned): AnswersMessage {
  return { kind: "answers", heads: [2047, status, 2 ** 41 + 1, 17], values: [value] };
}

function sizeOf(message: FromWorker | ToWorker): number {
  return messageToBytes(message).reduce((sum, part) => sum + part.length, 0);
}

Deno.test("a small task is read as it was written", () => {
  for (const value of PRIMITIVES) {
    for (const values of [[], [value], [1, value], [value, "2", value, null]]) {
      for (const flags of [0, ANNOUNCED]) {
        const message = task(values, flags);
        assertSame(messageFromBytes(messageToBytes(message)), message);
      }
    }
    assert(sizeOf(task([value])) < SMALL);
  }
});

Deno.test("a small answer is read as it was written", () => {
  for (const value of PRIMITIVES) {
    for (const status of [Status.returned, Status.cancelled, Status.skipped]) {
      const message = answer(value, status);
      assertSame(messageFromBytes(messageToBytes(message)), message);
      assert(sizeOf(message) < SMALL);
    }
  }
});

Deno.test("what is not small is read as it was written", () => {
  const call = { id: 1, url: "file:///a.ts", name: "f", text: null, source: null };
  const messages: (FromWorker | ToWorker)[] = [
    task([{ a: 1 }]),
    task([[1, 2], new Map([[1, new Date(0)]])], ENCODED),
    { ...task([1]), calls: [call] },
    { kind: "run", calls: null, heads: [0, 1, 8, 1, 1, 8], values: [1, 2] },
    answer({ results: [1, 2], encoded: false, error: null }, Status.chunk),
    { kind: "answers", heads: [0, 0, 1, 1, 1, 0, 1, 1], values: [1, 2] },
    { kind: "stop", slots: [1] },
    { kind: "ready", timeOrigin: 1.5 },
    { kind: "pong" },
  ];
  for (const message of messages) {
    assertSame(messageFromBytes(messageToBytes(message)), message);
    assertEquals(messageToBytes(message), toBytes(message));
  }
});

Deno.test("memory is moved also where no value holds it", () => {
  const buffer = new ArrayBuffer(8);
  const message = task([1]);
  assertSame(messageFromBytes(messageToBytes(message, [buffer])), message);
  assert(buffer.detached);
});

Deno.test("what can't be sent is refused, by itself and within a value", () => {
  for (const value of [() => {}, Symbol("s"), [() => {}]]) {
    assertThrows(() => messageToBytes(task([1, value])), DOMException, "could not be cloned");
    assertThrows(() => messageToBytes(answer(value)), DOMException, "could not be cloned");
  }
  // Nothing of them is left in the memory of the next message.
  assertSame(messageFromBytes(messageToBytes(task([7]))), task([7]));
});

Deno.test("bytes that are cut, longer or changed are a FrameError, or another message", () => {
  for (const message of [task([1.5, "wörter — und", 2n ** 70n, null]), answer("text")]) {
    const [bytes] = messageToBytes(message) as [Uint8Array];
    for (let length = 0; length < bytes.length; length++) {
      assertThrows(() => messageFromBytes([bytes.subarray(0, length)]), FrameError);
    }
    assertThrows(() => messageFromBytes([Uint8Array.of(...bytes, 0)]), FrameError, "left over");
    assertThrows(() => messageFromBytes([bytes, new Uint8Array(1)]), FrameError, "left over");
    for (let place = 0; place < bytes.length; place++) {
      for (let byte = 0; byte < 256; byte++) readChanged(bytes, place, byte);
    }
  }
  assertThrows(() => messageFromBytes([]), FrameError);
});

/** Whatever it is read as: that is quick, and nothing but a `FrameError` is thrown. */
function readChanged(bytes: Uint8Array, place: number, byte: number): void {
  try {
    messageFromBytes([bytes.with(place, byte)]);
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
  }
}
