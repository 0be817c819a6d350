/**
 * Copies of large buffers: their memory is used again once it was given back, and never before.
 */

import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { giveBack, snapshot } from "../../ipc/values/_snapshots.ts";

const MEGABYTE = 2 ** 20;

function filled(megabytes: number, value: number): Uint8Array {
  return new Uint8Array(megabytes * MEGABYTE).fill(value);
}

function assertFilled(bytes: Uint8Array, megabytes: number, value: number): void {
  assertEquals(bytes.length, megabytes * MEGABYTE);
  assert(bytes.every((byte) => byte === value));
}

Deno.test("the memory of a copy is used again when it was given back, and not before", () => {
  const [first, second] = [snapshot(filled(3, 1)), snapshot(filled(3, 2))];
  assertNotStrictEquals(first.buffer, second.buffer);
  giveBack([first]);
  const third = snapshot(filled(2, 3));
  assertStrictEquals(third.buffer, first.buffer);
  assertFilled(third, 2, 3);
  assertFilled(second, 3, 2);
});

Deno.test("what is given back twice is lent to one", () => {
  const copy = snapshot(filled(5, 1));
  giveBack([copy, copy]);
  giveBack([copy]);
  const [next, other] = [snapshot(filled(5, 2)), snapshot(filled(5, 3))];
  assertNotStrictEquals(next.buffer, other.buffer);
  assertFilled(next, 5, 2);
});

Deno.test("memory that is somebody else's is left alone", () => {
  const own = filled(7, 1);
  giveBack([own]);
  const copy = snapshot(filled(7, 2));
  assertNotStrictEquals(copy.buffer, own.buffer);
  assertFilled(own, 7, 1);
});

Deno.test("a copy takes no memory of which most would lie idle", () => {
  const large = snapshot(filled(11, 1));
  giveBack([large]);
  const small = snapshot(filled(5, 2));
  assertNotStrictEquals(small.buffer, large.buffer);
  assertStrictEquals(snapshot(filled(6, 3)).buffer, large.buffer);
});

Deno.test("no more spare memory is kept than two large arrays take", () => {
  const copies = Array.from({ length: 3 }, (_, i) => snapshot(filled(60, i)));
  giveBack(copies);
  const again = Array.from({ length: 3 }, (_, i) => snapshot(filled(60, i)));
  const known = again.filter(({ buffer }) => copies.some((copy) => copy.buffer === buffer));
  assertEquals(known.length, 2);
});

Deno.test("spare memory that nobody uses is garbage after a few collections", async () => {
  const program = new URL("./programs/spare_memory.ts", import.meta.url);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--v8-flags=--expose-gc", program.href],
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  assertEquals(new TextDecoder().decode(stdout), "kept\ngone\n");
});
