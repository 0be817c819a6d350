/**
 * Tests of the types of shared values and arrays. The compiler does the testing: each test only names a
 * function that is never called.
 */

import { assertType, type IsExact } from "@std/testing/types";
import {
  Array as SharedArray,
  Lock,
  RawArray,
  RawValue,
  RLock,
  type Typecode,
  Value,
} from "../../mod.ts";

/** Takes a function that is for the compiler only. */
function types(title: string, _body: () => unknown): void {
  Deno.test(title, () => {});
}

type Bytes = Uint8Array<ArrayBuffer>;

types("a value is a number, a bigint, a byte or a character, as its type code says", () => {
  const number = new Value("i").value;
  assertType<IsExact<typeof number, number>>(true);
  const double = new RawValue("d", 0.5).value;
  assertType<IsExact<typeof double, number>>(true);
  const big = new Value("q", 1n).value;
  assertType<IsExact<typeof big, bigint>>(true);
  const byte = new Value("c", 65).value;
  assertType<IsExact<typeof byte, Bytes>>(true);
  const character = new RawValue("u").value;
  assertType<IsExact<typeof character, string>>(true);
});

types("a type code that is known as some of them gives what any of them may give", () => {
  const some = new Value("i" as "i" | "q").value;
  assertType<IsExact<typeof some, number | bigint>>(true);
  const any = new Value("i" as Typecode).value;
  assertType<IsExact<typeof any, number | bigint | Bytes | string>>(true);
  const value: RawValue<Typecode> = new Value("i");
  return value;
});

types("a value takes what its type code says, and nothing else", () => {
  const byte = new Value("c");
  byte.value = 65;
  byte.value = new Uint8Array(new SharedArrayBuffer(1));
  // @ts-expect-error a string
  byte.value = "A";
  // @ts-expect-error a number for a bigint
  new Value("q", 0);
  // @ts-expect-error a bigint for a number
  new Value("i").value = 1n;
  // @ts-expect-error a string for a number
  new RawValue("d", "1");
  // @ts-expect-error no such type code
  new Value("x");
});

types("only integers are added to, exchanged and compared", () => {
  const before = new Value("i").add(1);
  assertType<IsExact<typeof before, number>>(true);
  const big = new RawValue("Q").compareExchange(0n, 1n);
  assertType<IsExact<typeof big, bigint>>(true);
  const element = new SharedArray("h", 1).exchange(0, 1);
  assertType<IsExact<typeof element, number>>(true);
  // @ts-expect-error a floating-point number
  new Value("d").add(1);
  // @ts-expect-error a byte
  new RawArray("c", 1).exchange(0, 1);
  // @ts-expect-error a number for a bigint
  new Value("q").add(1);
});

types("a lock is a Lock, an RLock, or whether there is one", () => {
  new Value("i", 0, { lock: new Lock() });
  new SharedArray("i", 1, { lock: new RLock() });
  new SharedArray("i", 1, { lock: false });
  // @ts-expect-error no lock
  new Value("i", 0, { lock: 1 });
  // @ts-expect-error no such option
  new Value("i", 0, { locks: true });
  const lock = new Value("i").get_lock();
  assertType<IsExact<typeof lock, Lock | RLock>>(true);
  // @ts-expect-error it has none
  new RawValue("i").get_lock();
});

types("the elements, slices and view of an array have the types of its type code", () => {
  const numbers = new SharedArray("i", 3);
  const [element, slice, all, view] = [numbers.get(0), numbers.slice(), [...numbers], numbers.view];
  assertType<IsExact<typeof element, number>>(true);
  assertType<IsExact<typeof slice, number[]>>(true);
  assertType<IsExact<typeof all, number[]>>(true);
  assertType<IsExact<typeof view, Int32Array<SharedArrayBuffer>>>(true);
  const bigs = new RawArray("Q", [1n]);
  const [big, bigSlice, bigView] = [bigs.get(0), bigs.slice(), bigs.view];
  assertType<IsExact<typeof big, bigint>>(true);
  assertType<IsExact<typeof bigSlice, bigint[]>>(true);
  assertType<IsExact<typeof bigView, BigUint64Array<SharedArrayBuffer>>>(true);
  const double = new RawArray("d", 1).view;
  assertType<IsExact<typeof double, Float64Array<SharedArrayBuffer>>>(true);
});

types("an index gives an element, which may be missing where indexes are checked", () => {
  const numbers = new SharedArray("q", 3);
  const element = numbers[0];
  assertType<IsExact<typeof element, bigint | undefined>>(true);
  numbers[0] = 1n;
  // @ts-expect-error a number for a bigint
  numbers[0] = 1;
});

types("bytes and characters have a text, the rest has none", () => {
  const bytes = new SharedArray("c", 3);
  const [slice, value, raw] = [bytes.slice(), bytes.value, bytes.raw];
  assertType<IsExact<typeof slice, Bytes>>(true);
  assertType<IsExact<typeof value, Bytes>>(true);
  assertType<IsExact<typeof raw, Bytes>>(true);
  bytes.value = new Uint8Array() as Uint8Array<ArrayBufferLike>;
  const text = new RawArray("u", "herd");
  const [characters, string] = [text.slice(), text.value];
  assertType<IsExact<typeof characters, string>>(true);
  assertType<IsExact<typeof string, string>>(true);
  text.value = "herd";
  // @ts-expect-error it has none
  new RawArray("i", 1).value = "herd";
  const none = () => new RawArray("i", 1).value;
  assertType<IsExact<ReturnType<typeof none>, never>>(true);
});

types("an array is made of a size or of elements of its type", () => {
  new RawArray("q", [1n]);
  new RawArray("d", new Float32Array(1));
  new RawArray("c", new Uint8Array(1));
  new RawArray("u", "herd");
  // @ts-expect-error numbers for bigints
  new RawArray("q", [1]);
  // @ts-expect-error characters for numbers
  new RawArray("i", "herd");
  // @ts-expect-error neither a size nor elements
  new RawArray("i");
});
