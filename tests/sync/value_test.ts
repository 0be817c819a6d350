/**
 * Tests of values in shared memory: every type code, its range, atomic changes, the lock, and threads.
 *
 * Covers V01, V02 and V03 of CPython's `_TestValue`.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  Lock,
  ProcessPoolExecutor,
  RawValue,
  RLock,
  ThreadPoolExecutor,
  type Typecode,
  type TypecodeElement,
  type TypecodeInit,
  type TypecodeInteger,
  Value,
  ValueError,
} from "../../mod.ts";

/** Least and most. */
const SMALL: [code: "b" | "B" | "h" | "H" | "i" | "I" | "l" | "L", least: number, most: number][] =
  [
    ["b", -128, 127],
    ["B", 0, 255],
    ["h", -32768, 32767],
    ["H", 0, 65535],
    ["i", -2147483648, 2147483647],
    ["I", 0, 4294967295],
    ["l", -2147483648, 2147483647],
    ["L", 0, 4294967295],
  ];
const BIG: [code: "q" | "Q", least: bigint, most: bigint][] = [
  ["q", -9223372036854775808n, 9223372036854775807n],
  ["Q", 0n, 18446744073709551615n],
];

const CLASSES = [RawValue, Value];

/** What the compiler would refuse. */
function wrong(value: unknown): never {
  return value as never;
}

/** Keeps `init`, and gives back `element`. */
function keeps<C extends Typecode>(code: C, init: TypecodeInit<C>, element: TypecodeElement<C>) {
  for (const Class of CLASSES) {
    assertEquals(new Class(code, init).value, element);
    const value = new Class(code);
    value.value = init;
    assertEquals(value.value, element);
  }
}

/** Refuses `value` at first and later, and stays as it was. */
function refuses(
  code: Typecode,
  value: unknown,
  ErrorClass: typeof ValueError | typeof TypeError,
) {
  for (const Class of CLASSES) {
    assertThrows(() => new Class(code, wrong(value)), ErrorClass, `of type code ${code}: `);
    const there = new Class(code);
    const before = there.value;
    assertThrows(() => there.value = wrong(value), ErrorClass, `of type code ${code}: `);
    assertEquals(there.value, before);
  }
}

Deno.test("a value is zero at first", () => {
  for (const [code] of SMALL) assertEquals(new RawValue(code).value, 0);
  for (const [code] of BIG) assertEquals(new RawValue(code).value, 0n);
  assertEquals(new RawValue("f").value, 0);
  assertEquals(new RawValue("d").value, 0);
  assertEquals(new RawValue("c").value, Uint8Array.of(0));
  assertEquals(new RawValue("u").value, "\0");
});

Deno.test("an integer keeps the least and the most of its type code, and refuses what is beyond", () => {
  for (const [code, least, most] of SMALL) {
    keeps(code, least, least);
    keeps(code, most, most);
    for (const value of [least - 1, most + 1, 0.5, NaN, Infinity]) refuses(code, value, ValueError);
    for (const value of [1n, "1", null, true, {}]) refuses(code, value, TypeError);
  }
  for (const [code, least, most] of BIG) {
    keeps(code, least, least);
    keeps(code, most, most);
    for (const value of [least - 1n, most + 1n]) refuses(code, value, ValueError);
    for (const value of [1, NaN, "1", null]) refuses(code, value, TypeError);
  }
});

Deno.test("what is refused is named, with the range that is wanted", () => {
  const { message } = assertThrows(() => new Value("i", 2147483648), ValueError);
  assertEquals(
    message,
    "Cannot set a Value of type code i: 2147483648: " +
      "an integer from -2147483648 to 2147483647 is wanted",
  );
  const q = assertThrows(() => new RawValue("Q", wrong(5)), TypeError);
  assertEquals(
    q.message,
    "Cannot set a RawValue of type code Q: 5: a bigint from 0n to 18446744073709551615n is wanted",
  );
});

Deno.test("d keeps every number, f the nearest that it has", () => {
  for (const value of [0.1, -0, NaN, Infinity, -Infinity, Number.MIN_VALUE, Number.MAX_VALUE]) {
    keeps("d", value, value);
    keeps("f", value, Math.fround(value));
  }
  for (const code of ["d", "f"] as const) {
    for (const value of [1n, "1", null]) refuses(code, value, TypeError);
  }
});

Deno.test("c is a byte, given as one or as a number", () => {
  keeps("c", Uint8Array.of(200), Uint8Array.of(200));
  keeps("c", 65, Uint8Array.of(65));
  for (const value of [new Uint8Array(), new Uint8Array(2), -1, 256, 0.5, NaN]) {
    refuses("c", value, ValueError);
  }
  for (const value of ["A", 1n, [65], new Int8Array(1)]) refuses("c", value, TypeError);
});

Deno.test("the byte that c gives is a copy", () => {
  const value = new RawValue("c", 1);
  value.value[0] = 2;
  assertEquals(value.value, Uint8Array.of(1));
});

Deno.test("u is a string of one character, also of one beyond the first 65,536", () => {
  for (const character of ["A", "é", "😀", "\0"]) keeps("u", character, character);
  for (const text of ["", "AB", "😀!"]) refuses("u", text, ValueError);
  for (const value of [65, null, ["A"]]) refuses("u", value, TypeError);
});

Deno.test("an unknown type code is refused, naming those that are known", () => {
  for (const code of ["x", "", "ii", "toString", undefined, 1]) {
    for (const Class of CLASSES) {
      const { message } = assertThrows(() => new Class(wrong(code)), TypeError);
      assertStringIncludes(message, "one of b, B, h, H, i, I, l, L, q, Q, f, d, c, u is wanted");
    }
  }
});

/** Adds, exchanges and compares, at the edges. */
function changes<C extends Typecode>(
  code: C,
  [least, most, one]: [TypecodeInit<C>, TypecodeInit<C>, TypecodeInteger<C>],
  minusOne: TypecodeInteger<C>,
) {
  const value = new RawValue<Typecode>(code, most) as RawValue<C>;
  const [low, high] = [least, most] as unknown as TypecodeInteger<C>[];
  assertEquals([value.add(one), value.value], [high, low] as unknown[], `${code} wraps up`);
  assertEquals([value.add(minusOne), value.value], [low, high] as unknown[], `${code} wraps down`);
  assertEquals([value.exchange(one), value.value], [high, one] as unknown[]);
  assertEquals([value.compareExchange(high!, low!), value.value], [one, one] as unknown[]);
  assertEquals([value.compareExchange(one, low!), value.value], [one, low] as unknown[]);
}

Deno.test("add, exchange and compareExchange give what was there before; a sum wraps around", () => {
  for (const [code, least, most] of SMALL) changes(code, [least, most, 1], -1);
  for (const [code, least, most] of BIG) changes(code, [least, most, 1n], -1n);
});

Deno.test("what is added, exchanged and expected is checked, and nothing changes", () => {
  const value = new Value("b", 1);
  for (const n of [0.5, NaN, Infinity, 2 ** 53]) assertThrows(() => value.add(n), ValueError);
  for (const n of ["1", 1n, undefined]) assertThrows(() => value.add(wrong(n)), TypeError);
  assertThrows(() => value.exchange(128), ValueError, "from -128 to 127");
  assertThrows(() => value.exchange(wrong("1")), TypeError);
  // Atomics would take 257 for 1.
  assertThrows(() => value.compareExchange(257, 2), ValueError);
  assertThrows(() => value.compareExchange(1, 257), ValueError);
  assertEquals(value.value, 1);
  const big = new Value("q", 1n);
  assertThrows(() => big.add(wrong(1)), TypeError, "a bigint is wanted");
  assertThrows(() => big.compareExchange(wrong(1), 2n), TypeError);
  assertEquals(big.value, 1n);
});

Deno.test("only integers are added to, exchanged and compared", () => {
  for (const code of ["f", "d", "c", "u"] as const) {
    const value = new Value<Typecode>(code);
    assertThrows(() => value.add(1), TypeError, `type code ${code}: it is no integer`);
    assertThrows(() => value.exchange(1), TypeError, "it is no integer");
    assertThrows(() => value.compareExchange(0, 1), TypeError, "it is no integer");
  }
});

Deno.test("V03: a value has an RLock by default, the lock that it is given, or none", async () => {
  for (const options of [undefined, {}, { lock: true }, { lock: null }, { lock: undefined }]) {
    const value = new Value("i", 5, options);
    assertInstanceOf(value.get_lock(), RLock);
    assertStrictEquals(value.get_lock(), value.get_lock());
  }
  for (const lock of [new Lock(), new RLock()]) {
    assertStrictEquals(new Value("i", 5, { lock }).get_lock(), lock);
  }
  const bare = new Value("i", 5, { lock: false });
  assertEquals(bare.value, 5);
  assertThrows(() => bare.get_lock(), TypeError, "made without a lock");
  assertThrows(() => bare.acquireSync(), TypeError, "made without a lock");
  assertThrows(() => bare.holdSync(), TypeError, "made without a lock");
  await assertRejects(() => bare.acquire(), TypeError, "made without a lock");
  await assertRejects(() => bare.hold(), TypeError, "made without a lock");
  await assertRejects(() => bare.release(), TypeError, "made without a lock");
});

Deno.test("V03: what is no lock is refused", () => {
  for (const lock of [1, "lock", {}, { acquire: () => true }]) {
    assertThrows(
      () => new Value("i", 5, { lock: wrong(lock) }),
      TypeError,
      "a Lock, an RLock or a boolean is wanted",
    );
  }
  assertThrows(() => new Value("i", 5, wrong({ locks: true })), TypeError, "no option locks");
});

Deno.test("a value is acquired, held and released by its lock, and read and written meanwhile", async () => {
  const lock = new Lock();
  const value = new Value("i", 1, { lock });
  assertEquals(await value.acquire(), true);
  assertEquals(value.acquireSync({ block: false }), false);
  value.value++;
  assertEquals(value.value, 2);
  await value.release();
  {
    using _held = await value.hold();
    assertEquals(lock.lockedSync(), true);
  }
  {
    using _held = value.holdSync();
    assertEquals(lock.lockedSync(), true);
  }
  assertEquals(lock.lockedSync(), false);
});

Deno.test("V01, V02: what another thread writes is seen, for each kind of type code", async () => {
  await using executor = new ThreadPoolExecutor(1);
  function write(
    values:
      (Value<"i" | "d" | "h" | "q" | "c" | "u"> | RawValue<"i" | "d" | "h" | "q" | "c" | "u">)[],
  ) {
    const seen = values.map(({ value }) => value);
    const news = [-2, -5.4, 232, -(2n ** 41n), 0x79, "é"];
    values.forEach((value, at) => value.value = news[at]!);
    return seen;
  }
  for (const Class of CLASSES) {
    const values = [
      new Class("i", 4343),
      new Class("d", 3.625),
      new Class("h", -232),
      new Class("q", 2n ** 33n),
      new Class("c", 0x78),
      new Class("u", "x"),
    ];
    const before = await executor.submit(write, values as never);
    assertEquals(before, [4343, 3.625, -232, 2n ** 33n, Uint8Array.of(0x78), "x"] as never);
    assertEquals(
      values.map(({ value }) => value),
      [-2, -5.4, 232, -(2n ** 41n), Uint8Array.of(0x79), "é"],
    );
  }
});

Deno.test("a value arrives as itself, with its lock, and comes back as itself", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const lock = new Lock();
  const value = new Value("i", 1, { lock });
  const other = new Value("d", 1, { lock });
  const raw = new RawValue("i", 1);
  const [same, values] = await executor.submit(
    (value: Value<"i">, again: Value<"i">, lock: Lock, other: Value<"d">, raw: RawValue<"i">) => {
      const same = [
        value === again,
        value.get_lock() === lock,
        other.get_lock() === lock,
        value.constructor.name,
        raw.constructor.name,
        "get_lock" in raw,
      ];
      return [same, [value, other, raw]] as const;
    },
    value,
    value,
    lock,
    other,
    raw,
  );
  assertEquals([...same], [true, true, true, "Value", "RawValue", false]);
  assertStrictEquals(values[0], value);
  assertStrictEquals(values[1], other);
  assertStrictEquals(values[2], raw);
});

Deno.test("a value that was made without a lock arrives without one", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const future = executor.submit(
    (value: Value<"i">) => void value.get_lock(),
    new Value("i", 1, { lock: false }),
  );
  assertInstanceOf(await future.exception(), TypeError);
});

Deno.test("a lock that was not asked for before is the same in all threads", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const value = new Value("i");
  const release = executor.submit(async (value: Value<"i">) => {
    await value.acquire();
    value.value = 1;
    while (value.value !== 2) await new Promise((resolve) => setTimeout(resolve, 1));
    await value.release();
  }, value);
  while (value.value !== 1 && !release.done()) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  try {
    assertEquals(value.get_lock().lockedSync(), true);
  } finally {
    value.value = 2;
  }
  await release;
  assertEquals(value.get_lock().lockedSync(), false);
});

Deno.test("what threads add at the same time is all there", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const [counter, big, best] = [new Value("i"), new RawValue("Q"), new RawValue("b")];
  const ready = new RawValue("B");
  const work = (
    counter: Value<"i">,
    big: RawValue<"Q">,
    best: RawValue<"b">,
    ready: RawValue<"B">,
  ) => {
    ready.add(1);
    while (ready.value < 2) { /* so that both are at it together */ }
    let wins = 0;
    for (let round = 0; round < 50_000; round++) {
      counter.add(1);
      big.add(2n ** 33n);
      const seen = best.value;
      if (best.compareExchange(seen, seen === 127 ? -128 : seen + 1) === seen) wins++;
    }
    return wins;
  };
  const wins = await Promise.all(
    [0, 1].map(() => executor.submit(work, counter, big, best, ready)),
  );
  assertEquals(counter.value, 100_000);
  assertEquals(big.value, 2n ** 33n * 100_000n);
  assertEquals(best.value, (wins[0]! + wins[1]!) << 24 >> 24);
});

Deno.test("under the lock, several steps are one, in both ways of waiting", async () => {
  await using executor = new ThreadPoolExecutor(2);
  const value = new Value("d");
  const asynchronous = async (value: Value<"d">) => {
    for (let round = 0; round < 500; round++) {
      using _held = await value.hold();
      value.value += 1;
    }
  };
  const blocking = (value: Value<"d">) => {
    for (let round = 0; round < 500; round++) {
      using _held = value.holdSync();
      value.value += 1;
    }
  };
  await Promise.all([executor.submit(asynchronous, value), executor.submit(blocking, value)]);
  assertEquals(value.value, 1000);
});

Deno.test("nobody sees half of a value", async () => {
  await using executor = new ThreadPoolExecutor(1);
  const [low, high] = [0x5555555555555555n, 0xaaaaaaaaaaaaaaaan];
  const numbers = new Float64Array(new BigUint64Array([low, high]).buffer);
  const [big, double, stop] = [new RawValue("Q", low), new RawValue("d"), new RawValue("b")];
  double.value = numbers[0]!;
  const writing = executor.submit(
    (big: RawValue<"Q">, double: RawValue<"d">, stop: RawValue<"b">, numbers: Float64Array) => {
      const words = new BigUint64Array(numbers.buffer);
      for (let round = 0; stop.value === 0; round++) {
        big.value = words[round & 1]!;
        double.value = numbers[round & 1]!;
      }
    },
    big,
    double,
    stop,
    numbers,
  );
  const seen = new Set<bigint | number>();
  try {
    while (seen.size < 4 && !writing.done()) {
      for (let round = 0; round < 10_000; round++) seen.add(big.value).add(double.value);
      assert(seen.size <= 4, `${[...seen]}`);
      await new Promise((resolve) => setTimeout(resolve));
    }
  } finally {
    stop.value = 1;
    await writing;
  }
  assertEquals(seen, new Set([low, high, ...numbers]));
});

Deno.test("a child process is refused a value, and told of the manager's", async () => {
  await using executor = new ProcessPoolExecutor(1);
  for (
    const value of [new Value("i", 1), new Value("i", 1, { lock: false }), new RawValue("i", 1)]
  ) {
    const error = await executor.submit((value: RawValue<"i">) => value.value, value).exception();
    assertInstanceOf(error, TypeError);
    assertStringIncludes(error.message, `a ${value.constructor.name}`);
    assertStringIncludes(error.message, "use the Value of a Manager");
  }
  assertEquals(await executor.submit((n: number) => n + 1, 1), 2);
});

Deno.test("a value is printed with its type code", () => {
  assertEquals(Deno.inspect(new Value("i", 5)), "Value { i: 5 }");
  assertEquals(Deno.inspect(new RawValue("q", 5n)), "RawValue { q: 5n }");
  assertEquals(Deno.inspect(new RawValue("u", "x")), 'RawValue { u: "x" }');
});
