/** Tests of the ring of messages: against a list, and stopped at every stage. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "npm:fast-check@^4.10.0";
import { allocateBytes, MOST_BYTES, Ring, RING_WORDS } from "../../ipc/queues/_ring.ts";
import { Slip } from "../../ipc/queues/_slip.ts";
import { ValueError } from "../../sync/errors.ts";

type Step =
  | { readonly kind: "write"; readonly lengths: readonly number[] }
  | { readonly kind: "slip"; readonly length: number }
  | { readonly kind: "read" }
  | { readonly kind: "read slip" }
  | { readonly kind: "clear" };

/** The memory of a ring, and those that use it. */
class Memory {
  readonly words = new Int32Array(new SharedArrayBuffer(4 * RING_WORDS));
  readonly buffer = allocateBytes();

  /** As another thread has it. */
  attach(): Ring {
    return new Ring(this.words, this.buffer);
  }
}

let last = 0;

/** Bytes that no other part has in this order. */
function part(length: number): Uint8Array<ArrayBuffer> {
  const seed = ++last;
  return Uint8Array.from({ length }, (_, i) => seed * 31 + i * 7);
}

function slipOf(bytes: Uint8Array): Slip {
  const slip = new Slip();
  slip.bytes.set(bytes);
  slip.length = bytes.length;
  return slip;
}

function parts(message: Uint8Array[] | Slip | undefined): Uint8Array[] | undefined {
  return message instanceof Slip ? [message.copy()] : message;
}

/** What a step makes of the list that a ring is to be like, and what it is to give. */
function onList(list: Uint8Array[][], step: Step, message: Uint8Array[]): Uint8Array[] | undefined {
  switch (step.kind) {
    case "write":
    case "slip":
      list.push(message);
      return undefined;
    case "read":
    case "read slip":
      return list.shift();
    case "clear":
      list.length = 0;
      return undefined;
    default:
      return step satisfies never;
  }
}

function onRing(ring: Ring, step: Step, message: Uint8Array[]): Uint8Array[] | undefined {
  switch (step.kind) {
    case "write":
      return void ring.write(message);
    case "slip":
      return void ring.writeSlip(slipOf(message[0]!));
    case "read":
      return parts(ring.read());
    case "read slip":
      return parts(ring.read(new Slip()));
    case "clear":
      return void ring.clear();
    default:
      return step satisfies never;
  }
}

function messageOf(step: Step): Uint8Array[] {
  if (step.kind === "slip") return [part(step.length)];
  return step.kind === "write" ? step.lengths.map(part) : [];
}

/** Reads all that there is. */
function drain(ring: Ring): Uint8Array[][] {
  const all: Uint8Array[][] = [];
  for (let next = ring.read(); next !== undefined; next = ring.read()) all.push(next);
  return all;
}

const LENGTH = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  { weight: 3, arbitrary: fc.integer({ min: 1000, max: 5000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 8000, max: 40_000 }) },
);
const LENGTHS = fc.oneof(
  { weight: 4, arbitrary: fc.array(LENGTH, { minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: fc.array(LENGTH, { minLength: 2, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.array(fc.nat(3), { minLength: 30, maxLength: 60 }) },
);
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("write" as const), lengths: LENGTHS }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant("slip" as const), length: fc.nat(1024) }),
  },
  { weight: 12, arbitrary: fc.constant({ kind: "read" } as const) },
  { weight: 8, arbitrary: fc.constant({ kind: "read slip" } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: "clear" } as const) },
);

Deno.test("What two threads do with a ring is what they would do with a list", () => {
  const many = fc.array(fc.tuple(STEP, fc.boolean()), { maxLength: 120 });
  fc.assert(
    fc.property(many, (steps) => {
      const memory = new Memory();
      const rings = [memory.attach(), memory.attach()] as const;
      const list: Uint8Array[][] = [];
      let written = 0;
      for (const [step, isSecond] of steps) {
        const ring = rings[isSecond ? 1 : 0];
        const message = messageOf(step);
        assertEquals(onRing(ring, step, message), onList(list, step, message));
        if (message.length > 0) written++;
        assertEquals([ring.count, ring.written], [list.length, written]);
      }
      assertEquals(drain(rings[1]), list);
    }),
    { numRuns: 300 },
  );
});

/** Thrown where a thread is stopped. */
class Stop extends Error {}

/**
 * Does `work` with this thread stopped at one of its atomic writes, or where the memory grows: before it when
 * `at` is even, after it when it is odd.
 *
 * @returns Whether it came to that.
 */
function stopped(at: number, work: () => void): boolean {
  let stage = 0;
  const { store } = Atomics;
  const { grow } = SharedArrayBuffer.prototype;
  const point = <T>(act: () => T): T => {
    if (stage++ === at) throw new Stop();
    const value = act();
    if (stage++ === at) throw new Stop();
    return value;
  };
  Atomics.store =
    ((...args: Parameters<typeof store>) => point(() => store(...args))) as typeof store;
  SharedArrayBuffer.prototype.grow = function (this: SharedArrayBuffer, length?: number) {
    return point(() => grow.call(this, length));
  };
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Stop || (error as Error).cause instanceof Stop) return true;
    throw error;
  } finally {
    Atomics.store = store;
    SharedArrayBuffer.prototype.grow = grow;
  }
}

Deno.test("A thread that is stopped at any stage has done its step or has not, once the ring is repaired", () => {
  const few = fc.array(STEP, { maxLength: 40 });
  let stops = 0;
  fc.assert(
    fc.property(few, STEP, few, (before, step, after) => {
      for (let at = 0, isDone = false; !isDone; at++) {
        const memory = new Memory();
        const list: Uint8Array[][] = [];
        let written = 0;
        const take = (ring: Ring, step: Step) => {
          const message = messageOf(step);
          assertEquals(onRing(ring, step, message), onList(list, step, message));
          if (message.length > 0) written++;
        };
        const first = memory.attach();
        for (const step of before) take(first, step);
        const message = messageOf(step);
        isDone = !stopped(at, () => onRing(first, step, message));
        if (!isDone) stops++;

        const other = memory.attach();
        other.repair();
        const changed = [...list];
        onList(changed, step, message);
        // A write adds one and all else takes some away, so the number tells which it is.
        if (other.count === changed.length) {
          list.splice(0, Infinity, ...changed);
          if (message.length > 0) written++;
        }
        assertEquals([other.count, other.written], [list.length, written]);
        for (const step of after) take(other, step);
        assertEquals(drain(other), list);
      }
    }),
    { numRuns: 200 },
  );
  assert(stops > 200, `${stops} stops`);
});

Deno.test("A ring that grows while it goes round the end keeps its messages in order", () => {
  for (let used = 0; used < 16_384; used += 1640) {
    const memory = new Memory();
    const ring = memory.attach();
    const other = memory.attach();
    // Head and tail stand near the end.
    ring.write([part(16_000 - used)]);
    ring.read();
    const messages = [0, 700, 3, 2000, 0, 1024].map((length) => [part(length)]);
    for (const message of messages) ring.write(message);
    const large = [part(5), part(0), part(100_000)];
    ring.write(large);
    assertEquals(drain(other), [...messages, large]);
    assertEquals([ring.count, other.count], [0, 0]);
  }
});

/** Calls `work`; how many long arrays it made. */
function counting<T>(work: () => T): { result: T; made: number } {
  const own = Uint8Array;
  let made = 0;
  globalThis.Uint8Array = new Proxy(own, {
    construct(target, args) {
      if (typeof args[0] === "number" && args[0] > 100_000) made++;
      return Reflect.construct(target, args);
    },
  });
  try {
    return { result: work(), made };
  } finally {
    globalThis.Uint8Array = own;
  }
}

Deno.test("Long parts have memory of their own, whether it was prepared or not", () => {
  const memory = new Memory();
  const [writer, reader] = [memory.attach(), memory.attach()];
  const lengths = [[200_000], [200_000], [200_000, 3, 200_000], [150_000], [10], [200_000], [
    2 ** 25,
  ]];
  const all: Uint8Array[] = [];
  for (const [at, some] of [...lengths, [2 ** 24 + 8], ...lengths].entries()) {
    const message = some.map((length) =>
      length > 2 ** 20 ? new Uint8Array(length).fill(at + 1) : part(length)
    );
    writer.write(message);
    if (at % 4 !== 3) reader.prepare();
    const { result: read, made } = counting(() => reader.read()!);
    if (at === 1) assertEquals(made, 0, "memory was got while others wait");
    assertEquals(read.map(({ length }) => length), some);
    for (const [i, bytes] of read.entries()) {
      assert(bytes.every((byte, at) => byte === message[i]![at]), `message ${at}, part ${i}`);
    }
    all.push(...read);
  }
  assertEquals(new Set(all.map(({ buffer }) => buffer)).size, all.length);
  for (const bytes of all) assertEquals(bytes.buffer.byteLength, bytes.length);
});

Deno.test("A ring that always has something in it uses the same memory over and over", () => {
  const memory = new Memory();
  const ring = memory.attach();
  ring.write([part(1000)]);
  for (let i = 0; i < 10_000; i++) {
    ring.write([part(1000 + i % 7)]);
    ring.read();
  }
  assertEquals(memory.buffer.byteLength, 16_384);
});

Deno.test("A message that can't be waited for is refused, and changes nothing", () => {
  const memory = new Memory();
  const ring = memory.attach();
  const small = part(10);
  ring.write([small]);
  const large = new Uint8Array(2 ** 28);
  const error = assertThrows(() => ring.write([large, large, large, large]), ValueError);
  assertEquals(
    error.message,
    `Cannot send a message of ${
      2 ** 30 + 32
    } bytes: ${MOST_BYTES} bytes are the most that may wait`,
  );
  assertEquals(memory.buffer.byteLength, 16_384);
  assertEquals(drain(ring), [[small]]);
});
