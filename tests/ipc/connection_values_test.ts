/** What strangers may send where a value is expected. */

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { toBytes } from "../../ipc/bytes/_bytes.ts";
import { socketValues } from "../../ipc/connections/_connection_values.ts";
import {
  AuthenticationError,
  BufferTooShort,
  EOFError,
  OSError,
  ProcessError,
  ValueError,
} from "../../mod.ts";
import { join } from "../../ipc/bytes/_frame_pump.ts";
import { below, randomFrom } from "../support/random_values.ts";

function messageOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array(join(socketValues.toMessage(value)));
}

/** A message that says of itself that the codec made it. */
function forged(value: unknown): Uint8Array<ArrayBuffer> {
  return new Uint8Array([1, 1, ...join(toBytes(value))]);
}

Deno.test("errors of connections keep their class and what they carry", () => {
  const given = [
    new OSError("a", { cause: new EOFError("b") }),
    new ProcessError("c"),
    new BufferTooShort("d", { value: new Uint8Array([1, 2]) }),
    new AuthenticationError("e"),
  ];
  const got = socketValues.fromMessage(messageOf(given)) as typeof given;
  assertEquals(got.map((error) => error.constructor), given.map((error) => error.constructor));
  assertEquals(got.map(({ name, message }) => [name, message]), [
    ["OSError", "a"],
    ["ProcessError", "c"],
    ["BufferTooShort", "d"],
    ["AuthenticationError", "e"],
  ]);
  assertInstanceOf(got[0]!.cause, EOFError);
  assertEquals((got[2] as BufferTooShort).value, new Uint8Array([1, 2]));
});

Deno.test("bytes that are no value are an OSError", () => {
  const wrong = [
    "",
    "01",
    "00",
    "0200",
    "0104ff",
    "0100",
    "010000ff",
    "0102",
    "0102ffffffff",
    "01020100000000000010",
    "0102010000000100000000",
    "80049503000000000000004b012e",
  ];
  for (const hex of wrong) {
    const error = assertThrows(() => socketValues.fromMessage(Uint8Array.fromHex(hex)), OSError);
    assert(error.cause instanceof Error, hex);
  }
});

Deno.test("what is said to be encoded is taken for data only", () => {
  const tag = "t";
  const wrong = [
    1,
    null,
    [],
    [1, 2],
    ["t", 1, true],
    [tag, { [tag]: "shared", data: ["Lock", 1, {}] }],
    [tag, { [tag]: "remote", data: ["there", "Lock", 1] }],
    [tag, { [tag]: "function", data: { text: "() => Deno.exit(3)" } }],
    [tag, { [tag]: "unheard of", data: 1 }],
    [tag, { [tag]: "url", data: "no url" }],
    [tag, { [tag]: "url", data: {} }],
  ];
  for (const value of wrong) {
    assertThrows(() => socketValues.fromMessage(forged(value)), OSError, "what came is none");
  }
  const harmless = socketValues.fromMessage(forged(["t", JSON.parse('{"__proto__": 1}')]));
  assertEquals(Object.getPrototypeOf(harmless), Object.prototype);
});

Deno.test("a value that is nested too deeply to be decoded is an OSError", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  assertThrows(() => socketValues.fromMessage(forged(["t", deep])), OSError);
  // Where it needs no decoding, it is a value like others.
  assert(Array.isArray(socketValues.fromMessage(messageOf(deep))));
});

Deno.test("messages that were changed on the way are values or OSErrors, nothing else", () => {
  const random = randomFrom(5);
  const samples = [
    { a: [1, "two", 3n], b: new Map([[1, new Set(["x"])]]), c: new Date(0) },
    [new URL("https://example.com"), new ValueError("v", { cause: new TypeError("t") })],
    { large: new Uint8Array(70_000), small: new Float64Array(3) },
  ].map(messageOf);
  let refused = 0;
  for (let i = 0; i < 3000; i++) {
    const sample = samples[i % samples.length]!;
    const message = sample.slice(0, random() < 0.2 ? below(random, sample.length) : undefined);
    for (let n = 1 + below(random, 3); n > 0; n--) {
      message[below(random, Math.min(message.length, 300))] = below(random, 256);
    }
    try {
      socketValues.fromMessage(message);
    } catch (error) {
      assertInstanceOf(error, OSError);
      refused++;
    }
  }
  assert(refused > 1000, `${refused}`);
});
