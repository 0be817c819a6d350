/**
 * Tests of arrays in shared memory: elements, indexes, slices, text, views, atomic changes, the lock, and
 * threads. What an element may be is the matter of `value_test.ts`.
 *
 * Covers V04 to V09 of CPython's `_TestArray` and `_TestSharedCTypes`, as far as there are type codes.
 */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Array as SharedArray,
  Lock,
  ProcessPoolExecutor,
  RawArray,
  RLock,
  ThreadPoolExecutor,
  type Typecode,
  ValueError,
} from "../../mod.ts";

const CLASSES = [RawArray, SharedArray];
const CODES = [..."bBhHiIlLqQfdcu"] as Typecode[];

/** What the compiler would refuse. */
function wrong(value: unknown): never {
  return value as never;
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("V06: an array of a size is zero all over, for each type code, time and again", () => {
  const zero = { q: 0n, Q: 0n, c: Uint8Array.of(0), u: "\0" } as Record<Typecode, unknown>;
  for (const code of CODES) {
    for (let round = 0; round < 3; round++) {
      const array = new SharedArray<Typecode>(code, 10);
      assertEquals(array.length, 10);
      assertEquals([...array], new Array(10).fill(zero[code] ?? 0), code);
      new Uint8Array(array.view.buffer).fill(42);
    }
  }
});

Deno.test("an array is made of whatever can be iterated", () => {
  for (const Class of CLASSES) {
    assertEquals(new Class("i", [1, 2, 3]).slice(), [1, 2, 3]);
    assertEquals(new Class("i", new Set([1, 2])).slice(), [1, 2]);
    assertEquals(new Class("d", new Int8Array([1, 2])).slice(), [1, 2]);
    assertEquals(new Class("d", new Float64Array([1, 0.5])).slice(), [1, 0.5]);
    assertEquals(new Class("q", new BigInt64Array([-1n])).slice(), [-1n]);
    assertEquals(new Class("q", [1n].values()).slice(), [1n]);
    assertEquals(new Class("i", new Class("h", [4, 5])).slice(), [4, 5]);
    assertEquals(new Class("c", bytes("herd")).slice(), bytes("herd"));
    assertEquals(new Class("c", [104, Uint8Array.of(101)]).slice(), bytes("he"));
    assertEquals(new Class("u", "hé😀").slice(), "hé😀");
    assertEquals(new Class("i", []).length, 0);
    assertEquals(new Class("i", 0).slice(), []);
  }
});

Deno.test("a view over some of a typed array gives those elements", () => {
  const numbers = new Int32Array([1, 2, 3, 4]);
  const array = new RawArray("i", numbers.subarray(1, 3));
  numbers.fill(0);
  assertEquals(array.slice(), [2, 3]);
});

Deno.test("a size that is none, or that there is no memory for, is refused", () => {
  for (const Class of CLASSES) {
    for (const size of [-1, 1.5, NaN, Infinity]) {
      assertThrows(() => new Class("i", size), ValueError, "an integer of at least 0 is wanted");
    }
    assertThrows(() => new Class("d", 1e15), ValueError, "no memory for 8000000000000000 bytes");
    for (const neither of [undefined, null, {}, true, 5n, () => 5]) {
      assertThrows(() => new Class("i", wrong(neither)), TypeError, "a size or the values");
    }
    assertThrows(() => new Class(wrong("x"), 5), TypeError, "one of b, B");
  }
});

Deno.test("an element that its type code has no room for is refused by its index", () => {
  const { message } = assertThrows(() => new SharedArray("B", [1, 256]), ValueError);
  assertEquals(
    message,
    "Cannot set element 1 of an Array of type code B: 256: an integer from 0 to 255 is wanted",
  );
  assertThrows(
    () => new RawArray("B", new Float64Array([0, 0.5])),
    ValueError,
    "element 1 of a Raw",
  );
  assertThrows(() => new RawArray("q", wrong([1])), TypeError, "a bigint");
  assertThrows(() => new RawArray("c", wrong("ab")), TypeError, "a Uint8Array of length 1");
  assertThrows(() => new RawArray("u", wrong([65])), TypeError, "a string of one character");
  // Not all numbers of 4 bytes are characters.
  assertThrows(() => new RawArray("u", wrong(new Uint32Array([65]))), TypeError);
});

Deno.test("V04, V05: elements are read and written by index, from the end too", () => {
  for (const Class of CLASSES) {
    const array = new Class("i", [680, 626, 934, 821]);
    for (let index = -4; index < 4; index++) {
      assertEquals(array.get(index), array.slice().at(index));
      assertEquals(array[index], array.get(index));
      array.set(index, index);
      assertEquals(array.get(index), index);
      array[index] = 10 * index;
      assertEquals(array.slice().at(index), 10 * index);
    }
  }
});

Deno.test("an index outside is refused, naming it and the length", () => {
  for (const Class of CLASSES) {
    const array = new Class("i", [1, 2, 3]);
    for (const index of [3, -4, 2 ** 32, -(2 ** 32), 0.5, NaN, Infinity, -Infinity, 1e30]) {
      const named = `element ${index} of`;
      for (
        const use of [
          () => array.get(index),
          () => array.set(index, 1),
          () => array[index],
          () => array[index] = 1,
          () => array.add(index, 1),
          () => array.exchange(index, 1),
          () => array.compareExchange(index, 1, 2),
        ]
      ) {
        const { message } = assertThrows(use, ValueError, named);
        assertStringIncludes(message, "its length is 3: an integer from -3 to 2 is wanted");
      }
    }
    for (const index of ["0", 0n, null, undefined]) {
      assertThrows(() => array.get(wrong(index)), ValueError);
    }
    assertEquals(array.slice(), [1, 2, 3]);
  }
  assertThrows(() => new RawArray("i", 0).get(0), ValueError, "it has no elements");
});

Deno.test("a name that is no index is a property like any other", async () => {
  const array = new RawArray("i", [1]);
  const open = array as unknown as Record<string, unknown>;
  for (const name of ["then", "01", "1px", " 0", "", "forEach"]) {
    assertEquals(open[name], undefined);
    open[name] = name;
    assertEquals(open[name], name);
    delete open[name];
  }
  assertStrictEquals(await array, array);
  assertInstanceOf(array, Object);
  assertEquals(String(array), "[object Object]");
});

Deno.test("a class that extends an array has its indexes and fields", () => {
  class Scores extends SharedArray<"i"> {
    readonly title = "scores";
    best(): number {
      return Math.max(...this);
    }
  }
  const scores = new Scores("i", [1, 2]);
  scores[0] = 7;
  assertEquals([scores.best(), scores[-1], scores.title], [7, 2, "scores"]);
});

Deno.test("a slice is clipped as a plain array's", () => {
  const plain = [1, 2, 3, 4, 5];
  const array = new RawArray("i", plain);
  assertEquals(array.slice(), plain);
  for (let start = -7; start <= 7; start++) {
    assertEquals(array.slice(start), plain.slice(start));
    for (let end = -7; end <= 7; end++) {
      assertEquals(array.slice(start, end), plain.slice(start, end), `${start} to ${end}`);
    }
  }
  for (const end of [0.5, NaN, "1", null]) {
    assertThrows(() => array.slice(wrong(end)), ValueError, "an integer is wanted");
    assertThrows(() => array.slice(0, wrong(end)), ValueError, "an integer is wanted");
  }
});

Deno.test("V04: a slice is written from an array, a typed array, or another shared array", () => {
  for (const Class of CLASSES) {
    const array = new Class("i", 6);
    array.setSlice(1, 5, [1, 2, 3, 4]);
    assertEquals(array.slice(), [0, 1, 2, 3, 4, 0]);
    array.setSlice(-2, undefined, new Int8Array([-1, -2]));
    assertEquals(array.slice(), [0, 1, 2, 3, -1, -2]);
    array.setSlice(undefined, 2, new RawArray("h", [8, 9]));
    assertEquals(array.slice(), [8, 9, 2, 3, -1, -2]);
    array.setSlice(3, 1, []);
    assertEquals(array.slice(), [8, 9, 2, 3, -1, -2]);
    const text = new Class("u", "herd");
    text.setSlice(0, 2, "ba");
    assertEquals(text.slice(), "bard");
    const raw = new Class("c", bytes("herd"));
    raw.setSlice(0, 2, bytes("ba"));
    assertEquals(raw.slice(), bytes("bard"));
  }
});

Deno.test("a slice of an array is written from elements of the same array as they were", () => {
  const array = new RawArray("i", [1, 2, 3, 4]);
  function* mine() {
    yield array.get(0);
    array.set(1, 9);
    yield array.get(0);
  }
  array.setSlice(1, 4, array.slice(0, 3));
  assertEquals(array.slice(), [1, 1, 2, 3]);
  array.setSlice(0, 2, mine());
  assertEquals(array.slice(), [1, 1, 2, 3]);
});

Deno.test("more or fewer values than the slice has are refused, and nothing is written", () => {
  const array = new RawArray("i", [1, 2, 3]);
  function* endless() {
    for (;;) yield 0;
  }
  assertThrows(() => array.setSlice(0, 2, [0]), ValueError, "it has 2 elements");
  assertThrows(() => array.setSlice(0, 2, [0, 0, 0]), ValueError, "as many values are wanted");
  assertThrows(() => array.setSlice(0, 2, endless()), ValueError, "not more");
  assertThrows(() => array.setSlice(0, 2, wrong(0)), TypeError, "the values are wanted");
  assertThrows(() => array.setSlice(0, 2, [0, 2 ** 31]), ValueError, "element 1 of");
  assertThrows(() => array.setSlice(1, 3, wrong([0, "0"])), TypeError, "element 2 of");
  assertEquals(array.slice(), [1, 2, 3]);
});

Deno.test("an array is iterated as it is when the turn of each element comes", () => {
  const array = new SharedArray("i", [1, 2, 3]);
  const seen: number[] = [];
  for (const element of array) {
    seen.push(element);
    array[2] = 30;
  }
  assertEquals(seen, [1, 2, 30]);
  assertEquals(Math.max(...array), 30);
  assertEquals(Array.from(array, (element) => 2 * element), [2, 4, 60]);
});

Deno.test("the value of bytes ends at the first zero, the raw bytes do not", () => {
  for (const Class of CLASSES) {
    const array = new Class("c", 8);
    assertEquals(array.value, bytes(""));
    array.value = bytes("manager");
    assertEquals(array.value, bytes("manager"));
    array.value = bytes("herd");
    assertEquals(array.value, bytes("herd"));
    assertEquals(array.raw, bytes("herd\0er\0"));
    array.value = bytes("12345678");
    assertEquals(array.value, bytes("12345678"));
    array.raw = bytes("\0ab");
    assertEquals(array.raw, bytes("\0ab45678"));
    assertEquals(array.value, bytes(""));
    assertThrows(() => array.value = bytes("123456789"), ValueError, "at most 8 are wanted");
    assertThrows(() => array.raw = bytes("123456789"), ValueError, "at most 8 are wanted");
    assertThrows(() => array.value = wrong("text"), TypeError, "a Uint8Array is wanted");
    assertThrows(() => array.raw = wrong([1]), TypeError, "a Uint8Array is wanted");
    assertEquals(array.raw, bytes("\0ab45678"));
  }
});

Deno.test("the value of characters ends at the first zero", () => {
  const array = new SharedArray("u", 4);
  array.value = "hé😀d";
  assertEquals(array.value, "hé😀d");
  array.value = "é";
  assertEquals(array.value, "é");
  assertEquals(array.slice(), "é\0😀d");
  assertThrows(() => array.value = "herds", ValueError, "at most 4 are wanted");
  assertThrows(() => array.value = wrong(bytes("a")), TypeError, "a string is wanted");
  assertThrows(() => array.raw, TypeError, "c is wanted");
});

Deno.test("only bytes and characters have a value, and only bytes are raw", () => {
  for (const code of CODES.filter((code) => code !== "c" && code !== "u")) {
    const array = new RawArray(code, 1);
    assertThrows(() => array.value, TypeError, `its type code is ${code}`);
    assertThrows(() => array.value = wrong("a"), TypeError, "c or u is wanted");
    assertThrows(() => array.raw, TypeError, "c is wanted");
    assertThrows(() => array.raw = wrong(bytes("a")), TypeError, "c is wanted");
  }
});

Deno.test("the view is the memory itself, as the typed array of the type code", () => {
  const views = CODES.map((code) => new RawArray(code, 2).view.constructor);
  assertEquals(views, [
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float32Array,
    Float64Array,
    Uint8Array,
    Uint32Array,
  ]);
  const array = new SharedArray("d", [1, 2]);
  assertInstanceOf(array.view.buffer, SharedArrayBuffer);
  array.view[1] = 0.5;
  assertEquals(array.get(1), 0.5);
  array.set(0, -1);
  assertEquals(array.view[0], -1);
});

Deno.test("what is no character, though a view wrote it, is read as U+FFFD", () => {
  const array = new RawArray("u", "ab");
  array.view[1] = 0x110000;
  assertEquals([array.get(1), array.slice(), array.value], ["\ufffd", "a\ufffd", "a\ufffd"]);
});

Deno.test("elements are added to, exchanged and compared by index", () => {
  const array = new SharedArray("B", [254, 1]);
  assertEquals(array.add(0, 3), 254);
  assertEquals(array.exchange(-1, 5), 1);
  assertEquals(array.compareExchange(1, 4, 6), 5);
  assertEquals(array.compareExchange(1, 5, 7), 5);
  assertEquals(array.slice(), [1, 7]);
  const big = new RawArray("q", 2);
  assertEquals([big.add(1, -1n), big.get(1)], [0n, -1n]);
  assertThrows(() => new RawArray("f", 1).add(0, wrong(1)), TypeError, "element 0 of a RawArray");
  assertThrows(() => array.exchange(0, 256), ValueError, "exchange element 0 of an Array");
});

Deno.test("V07: an array has an RLock by default, the lock that it is given, or none", async () => {
  assertInstanceOf(new SharedArray("i", 5).get_lock(), RLock);
  assertInstanceOf(new SharedArray("i", 5, { lock: null }).get_lock(), RLock);
  const lock = new Lock();
  const array = new SharedArray("i", 5, { lock });
  assertStrictEquals(array.get_lock(), lock);
  assertEquals(await array.acquire(), true);
  assertEquals(array.acquireSync({ block: false }), false);
  array[0] = 1;
  await array.release();
  {
    using _held = await array.hold();
    assertEquals(lock.lockedSync(), true);
  }
  {
    using _held = array.holdSync();
    assertEquals(lock.lockedSync(), true);
  }
  assertEquals(lock.lockedSync(), false);
  const bare = new SharedArray("i", [5], { lock: false });
  assertEquals(bare[0], 5);
  assertThrows(() => bare.get_lock(), TypeError, "Cannot lock an Array: it was made without");
  await assertRejects(() => bare.hold(), TypeError);
  assertThrows(() => new SharedArray("i", 5, { lock: wrong(5) }), TypeError, "a Lock, an RLock");
});

Deno.test("V04, V08, V09: what another thread makes of an array is seen", async () => {
  await using executor = new ThreadPoolExecutor(1);
  for (const Class of CLASSES) {
    const numbers = new Class("i", [680, 626, 934, 821, 150, 233, 548, 982, 714, 831]);
    const doubles = new Class("d", [1.5, -2]);
    const text = new Class("c", bytes("hello"));
    const sums = numbers.slice();
    for (let index = 1; index < sums.length; index++) sums[index]! += sums[index - 1]!;
    await executor.submit(
      (numbers: RawArray<"i">, doubles: RawArray<"d">, text: RawArray<"c">) => {
        for (let index = 1; index < numbers.length; index++) {
          numbers[index]! += numbers.get(index - 1);
        }
        doubles.setSlice(0, 2, doubles.slice().map((n) => 2 * n));
        text.value = Uint8Array.from([...text.value, ...text.value].slice(0, text.length));
        text[0] = Uint8Array.of(72);
      },
      numbers,
      doubles,
      text,
    );
    assertEquals(numbers.slice(), sums);
    assertEquals(doubles.slice(), [3, -4]);
    assertEquals(text.value, bytes("Hello"));
  }
});

Deno.test("an array arrives as itself, with its lock, nested and twice, and comes back as itself", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const lock = new RLock();
  const array = new SharedArray("i", [1], { lock });
  const raw = new RawArray("u", "ab");
  const [same, back] = await executor.submit(
    ({ array, lock }: { array: SharedArray<"i">; lock: RLock }, rest: Map<string, unknown>) => [
      [
        rest.get("array") === array,
        array.get_lock() === lock,
        array.length,
        (rest.get("raw") as RawArray<"u">).slice(),
      ],
      [array, rest.get("raw")],
    ],
    { array, lock },
    new Map<string, unknown>([["array", array], ["raw", raw]]),
  );
  assertEquals(same, [true, true, 1, "ab"]);
  assertStrictEquals(back![0], array);
  assertStrictEquals(back![1], raw);
});

Deno.test("an array in initargs is what the tasks see", async () => {
  const votes = new SharedArray("I", 3);
  await using executor = new ThreadPoolExecutor({
    max_workers: 2,
    initializer: (votes: SharedArray<"I">) => void Object.assign(globalThis, { votes }),
    initargs: [votes],
  });
  const vote = (index: number) => {
    const { votes } = globalThis as unknown as { votes: SharedArray<"I"> };
    for (let round = 0; round < 10_000; round++) votes.add(index % 3, 1);
  };
  await Promise.all([0, 1, 2, 3, 4, 5].map((index) => executor.submit(vote, index)));
  assertEquals(votes.slice(), [20_000, 20_000, 20_000]);
});

Deno.test("an array and its lock serve the workers of a worker, too", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const array = new SharedArray("i", 2);
  const outer = async (array: SharedArray<"i">, url: string) => {
    const { ThreadPoolExecutor } = await import(url) as typeof import("../../mod.ts");
    await using executor = new ThreadPoolExecutor(1);
    const inner = async (array: SharedArray<"i">) => {
      using _held = await array.hold();
      array[0] = array.get_lock().lockedSync() ? 1 : 2;
      array.add(1, 41);
      return array;
    };
    return await executor.submit(inner, array) === array;
  };
  assertEquals(await executor.submit(outer, array, import.meta.resolve("../../mod.ts")), true);
  assertEquals(array.get_lock().lockedSync(), false);
  assertEquals(array.add(1, 1), 41);
  assertEquals(array.slice(), [1, 42]);
});

Deno.test("a child process is refused an array, and told of the manager's", async () => {
  await using executor = new ProcessPoolExecutor(1);
  for (const Class of CLASSES) {
    const future = executor.submit((array: RawArray<"i">) => array.length, new Class("i", 1));
    const error = await future.exception();
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, "use the Array of a Manager");
  }
});

Deno.test("an array is printed with its type code, a long one in part", () => {
  assertEquals(Deno.inspect(new SharedArray("i", [1, 2])), "Array(2) { i: [ 1, 2 ] }");
  assertEquals(Deno.inspect(new RawArray("u", "ab")), 'RawArray(2) { u: "ab" }');
  assertStringIncludes(Deno.inspect(new RawArray("B", 1000)), ", … 900 more }");
});
