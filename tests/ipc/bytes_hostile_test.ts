/**
 * Bytes that nobody wrote: whatever arrives is a value or a `FrameError`, takes memory and time only in
 * proportion to its length, and changes nothing but the value.
 */

import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { fromBytes, toBytes } from "../../ipc/bytes/_bytes.ts";
import { DEEPEST, Tag } from "../../ipc/bytes/_bytes_tags.ts";
import { FrameError } from "../../ipc/bytes/_frame_error.ts";
import { joinBytes } from "../support/join_bytes.ts";
import { below, pick, type Random, randomFrom, RandomValues } from "../support/random_values.ts";
import { assertSame } from "../support/sameness.ts";

/** Bytes, tags, texts and lengths, one after the other. */
function message(...pieces: (number | string | Uint8Array | { length: number })[]): Uint8Array {
  const bytes: number[] = [];
  for (const piece of pieces) {
    if (typeof piece === "number") bytes.push(piece);
    else if (typeof piece === "string") {
      bytes.push(Tag.shortText + piece.length, ...new TextEncoder().encode(piece));
    } else if (piece instanceof Uint8Array) bytes.push(...piece);
    else {
      let rest = piece.length;
      for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
      bytes.push(rest);
    }
  }
  return Uint8Array.from(bytes);
}

function double(value: number): Uint8Array {
  return new Uint8Array(new Float64Array([value]).buffer);
}

/** Reads a message of one part. */
function read(bytes: Uint8Array): unknown {
  return fromBytes([bytes]);
}

const smallInt = (value: number) => Tag.smallInt + value;

const MALFORMED: Readonly<Record<string, [bytes: Uint8Array, words: string]>> = {
  "no bytes": [message(), "ends early"],
  "an unknown tag": [message(0x3f), "nothing is known of tag 0x3f"],
  "a hole that is in nothing": [message(Tag.hole), 'a value is wanted, not "hole"'],
  "bytes after the value": [
    message(smallInt(1), smallInt(2), smallInt(3)),
    "bytes are left over: 2",
  ],
  "half an integer": [message(Tag.int32, 1, 2), "4 bytes are wanted where the message ends"],
  "half a text": [message(Tag.shortText + 9, 65), "9 bytes are wanted"],
  "a text longer than memory": [
    message(Tag.utf8, 255, 255, 255, 255),
    "4294967295 bytes are wanted",
  ],
  "a wide text longer than memory": [
    message(Tag.utf16, { length: 2 ** 32 - 1 }),
    "bytes are wanted",
  ],
  "a length without an end": [message(Tag.map, 255, 255, 255, 255, 255, 255), "too many bytes"],
  "a reference to nothing": [message(Tag.array, 1, Tag.ref, 1), "there is no object 1"],
  "an array longer than the message": [
    message(Tag.array, { length: 2 ** 31 }),
    "an array of 2147483648 elements can't be in the message",
  ],
  "integers longer than the message": [message(Tag.int32Array, { length: 1e9 }), "can't be in"],
  "doubles longer than the message": [
    message(Tag.doubleArray, 2, ...double(1)),
    "16 bytes are wanted",
  ],
  "a map that goes on": [message(Tag.map, { length: 2 ** 32 - 1 }, 128), "ends early"],
  "a set that goes on": [message(Tag.set, { length: 2 ** 32 - 1 }, 128), "ends early"],
  "an object of no shape": [message(Tag.object, 1), "there is no shape 1"],
  "a shape of no key": [message(Tag.object, 0, 1, 1), "there is no key 1"],
  "a shape whose key is no text": [message(Tag.object, 0, 1, 0, smallInt(1)), "a text is wanted"],
  "a shape that goes on": [message(Tag.object, 0, { length: 2 ** 32 - 1 }, 0, "a"), "ends early"],
  "an array with the key length": [
    message(Tag.sparseArray, 1, 1, "length", 130),
    "no key of an array",
  ],
  "an array with an index as a name": [
    message(Tag.sparseArray, 9, 1, "5", 130),
    "no key of an array",
  ],
  "an array with an index beyond it": [
    message(Tag.sparseArray, 1, 1, 129, 129),
    "no key of an array",
  ],
  "an array with half an index": [
    message(Tag.sparseArray, 9, 1, Tag.double, double(0.5), 129),
    "no key of an array",
  ],
  "an array with an object for a key": [message(Tag.sparseArray, 9, 1, Tag.set, 0, 1), "no key"],
  "an announced array that is none": [message(Tag.lateArray, Tag.set, 0), "an array is wanted"],
  "an announced array that is missing": [message(Tag.lateArray), "ends early"],
  "a bigint that is none": [message(Tag.bigint, 0, "0x1"), "can't be"],
  "a RegExp that is none": [message(Tag.regexp, "(", ""), "can't be"],
  "flags that are none": [message(Tag.regexp, "a", "?"), "can't be"],
  "a boxed nothing": [message(Tag.boxed, Tag.null), "a boxed value is wanted"],
  "a boxed object": [message(Tag.boxed, Tag.set, 0), "a boxed value is wanted"],
  "an error of no class": [message(Tag.error, 99, 0), "the class of an error"],
  "a buffer longer than memory": [message(Tag.buffer, { length: 2 ** 32 - 1 }), "bytes are wanted"],
  "a buffer longer than it may grow": [
    message(Tag.resizableBuffer, 1, double(0), 0),
    "can't be",
  ],
  "a buffer that reserves all memory": [
    message(Tag.resizableBuffer, 0, double(2 ** 50)),
    "too large",
  ],
  "a buffer that reserves NaN": [message(Tag.resizableBuffer, 0, double(NaN)), "too large"],
  "a buffer that reserves less than nothing": [
    message(Tag.resizableBuffer, 0, double(-(2 ** 50))),
    "can't be",
  ],
  "a view of something else": [message(Tag.view, Tag.set, 0, 0, 0, 0, 0), "the buffer of a view"],
  "a view of no class": [message(Tag.view, Tag.buffer, 0, 99, 0, 0, 0), "the class of a view"],
  "a view that is too long": [
    message(Tag.view, Tag.buffer, 1, 7, 2, 0, 0, 2),
    "longer than its buffer",
  ],
  "a view at an odd place": [message(Tag.view, Tag.buffer, 4, 1, 2, 3, 4, 4, 0, 1, 0), "can't be"],
  "a following view of a buffer that stays": [
    message(Tag.view, Tag.buffer, 1, 7, 2, 1, 0, 2),
    "longer than its buffer",
  ],
  "a following view beyond its buffer": [
    message(Tag.view, Tag.resizableBuffer, 1, double(9), 7, 2, 1, 5, 0),
    "can't be",
  ],
};

Deno.test("bytes that are no value are refused, with what is wrong and where", () => {
  for (const [name, [bytes, words]] of Object.entries(MALFORMED)) {
    const { message } = assertThrows(() => read(bytes), FrameError, undefined, name);
    assert(message.includes(words), `${name}: ${message}`);
    assert(/^Cannot read a value: .*: at byte \d+ of \d+$/.test(message), `${name}: ${message}`);
  }
});

Deno.test("text that is no UTF-8 is text with replacement characters", () => {
  assertEquals(read(message(Tag.utf8, 3, 0, 0, 0, 65, 0xff, 66)), "A\ufffdB");
});

Deno.test("parts that are missing or left over are refused", () => {
  const parts = toBytes([new Uint8Array(50_000), new Uint8Array(60_000)]);
  assertThrows(() => fromBytes(parts.slice(0, 2)), FrameError, "a part of the message is missing");
  assertThrows(() => fromBytes([...parts, parts[1]!]), FrameError, "parts are left over: 1");
  assertThrows(() => fromBytes([parts[0]!, parts[2]!, parts[1]!]), FrameError, "longer than its");
  assertThrows(() => fromBytes([]), FrameError, "ends early");
});

Deno.test("containers nested in the bytes deeper than any writer does are refused", () => {
  const openings = [
    [Tag.array, 1],
    [Tag.map, 1, smallInt(1)],
    [Tag.set, 1],
    [Tag.sparseArray, 1, 1, smallInt(0)],
    [Tag.error, 0, 4],
  ];
  for (const opening of openings) {
    const nest = (levels: number) =>
      Uint8Array.from([...Array<number[]>(levels).fill(opening).flat(), Tag.undefined]);
    read(nest(DEEPEST));
    assertThrows(() => read(nest(DEEPEST + 1)), FrameError, "nested deeper than 100 levels");
    assertThrows(() => read(nest(1e6)), FrameError, "nested deeper than 100 levels");
  }
  for (const tag of [Tag.view, Tag.boxed]) {
    const bytes = new Uint8Array(1e6).fill(tag);
    assertThrows(() => read(bytes), FrameError, "is wanted");
  }
});

Deno.test("the key of an array that is an array of four billion holes is refused at once", () => {
  const holes = [Tag.sparseArray, { length: 2 ** 32 - 1 }, 0];
  assertThrows(
    () => read(message(Tag.sparseArray, 9, 1, ...holes, Tag.undefined)),
    FrameError,
    "no key of an array of 9: object",
  );
});

Deno.test("a short message can't ask for much memory by claims that contain each other", () => {
  const LENGTH = 100_000;
  const claim = (tag: number) => message(tag, { length: LENGTH });
  const padding = new Uint8Array(LENGTH).fill(Tag.undefined);
  // Each claims as much as the rest of the message could hold: alone it may, with others it lies.
  const refused = `an array of ${LENGTH} elements can't be in the message`;
  assertInstanceOf(read(joinBytes([claim(Tag.array), padding])), Array);
  for (const inner of [Tag.array, Tag.int32Array, Tag.doubleArray]) {
    const nested = joinBytes([claim(Tag.array), claim(inner), padding]);
    assertThrows(() => read(nested), FrameError, refused);
  }
  const announced = message(Tag.array, 2, Tag.lateArray, Tag.lateArray);
  const late = joinBytes([announced, claim(Tag.array), padding, claim(Tag.array)]);
  assertThrows(() => read(late), FrameError, refused);
  const holes = joinBytes([
    claim(Tag.array),
    message(Tag.sparseArray, 1, { length: LENGTH }),
    padding,
  ]);
  assertThrows(() => read(holes), FrameError, refused);
});

Deno.test("thousands of arrays of millions of holes take no memory to speak of", () => {
  const many = 2000;
  const pieces = Array.from({ length: many }, () => [Tag.sparseArray, { length: 2 ** 24 }, 0])
    .flat();
  const lists = read(message(Tag.array, { length: many }, ...pieces)) as unknown[][];
  assertEquals([lists.length, lists.every((list) => list.length === 2 ** 24)], [many, true]);
});

Deno.test("no key reaches a prototype", () => {
  const keys = ["__proto__", "constructor", "prototype", "toString", "__defineSetter__"];
  const fields = keys.flatMap((key, i) => [i, key]);
  const values = keys.flatMap(() => [Tag.object, 1, 1, keys.length, "polluted", Tag.true]);
  // Only the first of the values makes the shape, the others name it.
  const others = values.slice(0, 6).concat(keys.slice(1).flatMap(() => [Tag.object, 1, Tag.true]));
  const object = read(message(Tag.object, 0, keys.length, ...fields, ...others)) as object;
  assertEquals(Object.keys(object), keys);
  assertEquals(Object.getPrototypeOf(object), Object.prototype);
  assertEquals(Reflect.get({}, "polluted"), undefined);
  assertEquals(Reflect.get(Object, "polluted"), undefined);
  const list = read(message(Tag.sparseArray, 0, 1, "__proto__", Tag.set, 0)) as unknown[];
  assertEquals([Object.getPrototypeOf(list), Object.keys(list)], [Array.prototype, ["__proto__"]]);
});

// ---- Random damage -------------------------------------------------------------------------------

/** One thing that may happen to a message. */
function damage(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = below(random, bytes.length);
  const copy = bytes.slice();
  switch (below(random, 6)) {
    case 0:
      copy[at]! ^= 1 << below(random, 8);
      return copy;
    case 1:
      copy[at] = pick(random, [0, 255, ...Object.values(Tag), below(random, 256)]);
      return copy;
    case 2:
      return copy.subarray(0, at);
    case 3:
      return joinBytes([copy, other.subarray(0, below(random, 9))]);
    case 4:
      return joinBytes([
        copy.subarray(0, at),
        other.subarray(0, below(random, 20)),
        copy.subarray(at),
      ]);
    default:
      return joinBytes([copy.subarray(0, at), copy.subarray(at + below(random, 9) + 1)]);
  }
}

Deno.test("a damaged message is a value or a FrameError, soon, and the next is read as ever", () => {
  const builtins = [Object, Array, Map, Set, Error, Uint8Array, RegExp];
  const before = builtins.map((Class) => Reflect.ownKeys(Class.prototype).length);
  const count = { values: 0, errors: 0 };
  let other = new Uint8Array(9);
  for (let seed = 1; seed <= 1500; seed++) {
    const random = randomFrom(seed);
    const value = new RandomValues(random, 80).next();
    const whole = joinBytes(toBytes(value)) as typeof other;
    for (let n = 0; n < 12; n++) {
      let bytes: Uint8Array = whole;
      for (let hits = below(random, 3) + 1; hits > 0; hits--) bytes = damage(random, bytes, other);
      try {
        read(bytes);
        count.values++;
      } catch (error) {
        assertInstanceOf(error, FrameError, `seed ${seed}`);
        count.errors++;
      }
    }
    assertSame(read(whole), structuredClone(value), `seed ${seed}`);
    other = whole;
  }
  assertEquals(builtins.map((Class) => Reflect.ownKeys(Class.prototype).length), before);
  assert(count.values > 500 && count.errors > 5000, JSON.stringify(count));
});

Deno.test("every beginning of a message but the whole is refused", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const bytes = joinBytes(toBytes(new RandomValues(randomFrom(seed), 30).next()));
    for (let end = 0; end < Math.min(bytes.length, 400); end++) {
      assertThrows(() => read(bytes.subarray(0, end)), FrameError, undefined, `seed ${seed}`);
    }
  }
});

Deno.test("random bytes are a value or a FrameError", () => {
  for (let seed = 1; seed <= 20_000; seed++) {
    const random = randomFrom(seed);
    const tags = Object.values(Tag);
    const bytes = Uint8Array.from(
      { length: below(random, 60) },
      () => random() < 0.5 ? pick(random, tags) : below(random, random() < 0.5 ? 8 : 256),
    );
    try {
      read(bytes);
    } catch (error) {
      assertInstanceOf(error, FrameError, `seed ${seed}`);
    }
  }
});
