/** Tests of the messages that come beside a child's socket. */

import { assertEquals, assertThrows } from "@std/assert";
import type { Message } from "../../ipc/bytes/_frame.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { LastMessages } from "../../ipc/processes/_last_messages.ts";

function number(value: number): Message {
  return [new Uint8Array(new Uint32Array([value]).buffer)];
}

function filled(messages: readonly Message[], limit?: number): LastMessages {
  const last = new LastMessages(limit);
  for (const message of messages) last.add(message);
  return last;
}

const A: Message = [new Uint8Array([1])];
const B: Message = [new Uint8Array([2])];
const C: Message = [new Uint8Array([3])];

Deno.test("Last messages that came through the socket as well are left out", () => {
  assertEquals(filled([number(5), A, B, C]).take(5), [A, B, C]);
  assertEquals(filled([number(5), A, B, C]).take(7), [C]);
  assertEquals(filled([number(5), A, B, C]).take(8), []);
  assertEquals(filled([number(5), A]).take(3), [A], "the socket broke before");
});

Deno.test("Without last messages there is none, and none comes twice", () => {
  assertEquals(filled([]).take(5), []);
  const last = filled([number(0), A]);
  assertEquals([last.take(0), last.take(0)], [[A], []]);
});

Deno.test("Last messages begin with a number", () => {
  const wrong: Message[] = [[], A, [new Uint8Array(5)], [...number(1), ...number(1)]];
  for (const first of wrong) {
    assertThrows(() => filled([first]), FrameError, "what comes first is not how many came before");
  }
});

Deno.test("No more last messages are kept than may be, be they long, many or empty", () => {
  assertThrows(
    () => filled([number(0), [new Uint8Array(600), new Uint8Array(600)]], 1000),
    FrameError,
    "they are too long: 1264 bytes, where 1000 are the most",
  );
  assertThrows(() => filled([number(0), ...Array(16).fill([])], 1000), FrameError, "too long");
  filled([number(0), ...Array(15).fill([])], 1000);
});
