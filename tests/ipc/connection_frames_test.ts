/** Messages in a stream of bytes, as CPython's connections have them. */

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { MessageReader, putHeader } from "../../ipc/connections/_connection_frames.ts";
import { MessageTooLong } from "../../ipc/connections/_message_transport.ts";
import { EOFError, OSError } from "../../mod.ts";
import { fuzzFrames } from "../support/wire_fuzz.ts";

/** A reader that has got these bytes. */
function reader(hex: string): MessageReader {
  const reader = new MessageReader();
  feed(reader, Uint8Array.fromHex(hex.replaceAll(" ", "")));
  return reader;
}

function feed(reader: MessageReader, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const space = reader.space();
    const chunk = bytes.subarray(at, at + space.length);
    space.set(chunk);
    reader.advance(chunk.length);
    at += chunk.length;
  }
}

const text = (message: Uint8Array | undefined) => message && new TextDecoder().decode(message);

Deno.test("a header has 4 bytes up to a length of 2³¹ - 1, and 12 beyond", () => {
  const into = new Uint8Array(16);
  assertEquals(putHeader(into, 1, 59), 5);
  assertEquals(into.subarray(1, 5).toHex(), "0000003b");
  assertEquals(putHeader(into, 0, 2 ** 31 - 1), 4);
  assertEquals(into.subarray(0, 4).toHex(), "7fffffff");
  assertEquals(putHeader(into, 2, 2 ** 31), 14);
  assertEquals(into.subarray(2, 14).toHex(), "ffffffff0000000080000000");
});

Deno.test("a message of any length is read with a header of either length", () => {
  assertEquals(text(reader("00000005 68656c6c6f").next()), "hello");
  assertEquals(text(reader("ffffffff 0000000000000005 68656c6c6f").next()), "hello");
  assertEquals(text(reader("00000000").next()), "");
  assertEquals(text(reader("ffffffff 0000000000000000").next()), "");
});

Deno.test("a message that is not whole is waited for", () => {
  const partial = reader("000000");
  for (const [isReady, more] of [[false, "05"], [false, "68656c6c"], [false, "6f"]] as const) {
    assertEquals([partial.isReady, partial.next()], [isReady, undefined]);
    feed(partial, Uint8Array.fromHex(more));
  }
  assertEquals(partial.isReady, true);
  assertEquals(text(partial.next()), "hello");
  assertEquals([partial.isReady, partial.next()], [false, undefined]);
});

Deno.test("an end before a message is EOFError, also after its header; within it is OSError", () => {
  const cases: [string, new () => Error][] = [
    ["", EOFError],
    ["0000", OSError],
    ["ffffffff 00000000", OSError],
    ["00000005", EOFError],
    ["ffffffff 0000000000000005", EOFError],
    ["00000005 68", OSError],
    ["00020000 68", OSError],
    ["00020000", EOFError],
  ];
  for (const [hex, kind] of cases) {
    const ended = reader(`00000001 78 ${hex}`);
    ended.advance(null);
    assertEquals(text(ended.next()), "x");
    assertEquals(ended.isReady, true);
    for (let again = 0; again < 2; again++) assertThrows(() => ended.next(), kind);
    assertEquals(ended.isReady, true);
  }
});

Deno.test("a length that can't be one is an OSError for good", () => {
  const wrong = ["fffffffe", "80000000", "ffffffff 8000000000000000", "ffffffff 0000000080000001"];
  for (const hex of wrong) {
    const broken = reader(`00000001 78 ${hex} 00000001 79`);
    assertEquals(text(broken.next()), "x");
    assertEquals(broken.isReady, true);
    for (let again = 0; again < 2; again++) {
      assertThrows(() => broken.next(), OSError, "its length");
    }
  }
});

Deno.test("a message that is too long is left where it is, unread", () => {
  const limited = reader("00000003 616263");
  assertThrows(() => limited.next(2), MessageTooLong, "3 bytes, at most 2 are wanted");
  const announced = reader("7fffffff");
  assertInstanceOf(assertThrows(() => announced.next(256)), OSError);
});

Deno.test("what came before a stream broke is given out first", () => {
  const broken = reader("00000001 78 00000002 79");
  broken.fail(new OSError("reset"));
  assertEquals(text(broken.next()), "x");
  assertThrows(() => broken.next(), OSError, "reset");
});

Deno.test("memory is taken for what has come, not for what is announced", () => {
  const lying = reader("7fffffff 00");
  assertEquals([lying.isReady, lying.next()], [true, undefined]);
  // Its beginning, of 2 GB.
  assertEquals(lying.space().buffer.byteLength, 16 * 1024 * 1024);
});

Deno.test("while nobody receives, no more than 64 kB are read ahead", () => {
  const idle = new MessageReader();
  let read = 0;
  const stream = new Uint8Array(10_000);
  stream.set(Uint8Array.fromHex("7f000000"));
  while (!idle.isReady) {
    const space = idle.space();
    assert(space.length <= 65_536);
    const chunk = stream.subarray(0, space.length);
    space.set(chunk);
    idle.advance(chunk.length);
    read += chunk.length;
  }
  assert(read <= 65_536);
});

Deno.test("random streams in random pieces come out as they should, whatever is in them", async () => {
  assert(await fuzzFrames(20_260_801, 1000) > 10);
});
