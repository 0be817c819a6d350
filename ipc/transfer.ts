/**
 * Moving memory to another thread instead of copying it.
 *
 * @module
 */

/** Objects that were marked, and what to move when they are sent. */
const marked = new WeakMap<object, Transferable[]>();
let pending = 0;

/** Whether any marked object waits to be sent; while none does, values need not be searched. */
export function transfersPending(): boolean {
  return pending > 0;
}

/** Whether `value` was marked and not sent yet. */
export function isMarked(value: unknown): boolean {
  return marked.has(value as object);
}

/** Takes the mark off `value` and returns what to move along with it. */
export function takeTransfer(value: object): Transferable[] | undefined {
  const list = marked.get(value);
  if (list !== undefined) {
    marked.delete(value);
    pending--;
  }
  return list;
}

/**
 * Marks a value so that its buffers and ports are moved, not copied, when it is next sent: as an
 * argument or as the result of a task, in both directions. What was moved is detached here.
 *
 * @typeParam T The value's type.
 * @param value An object, with the memory to move somewhere in it.
 * @param list What to move; default every `ArrayBuffer`, port, stream and bitmap found in `value`'s own
 * arrays, plain objects, maps, sets and typed arrays.
 * @returns The same value.
 * @throws {TypeError} When `value` is no object.
 *
 * @example
 * ```ts
 * import { ThreadPoolExecutor, transfer } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * await using executor = new ThreadPoolExecutor(1);
 * const bytes = new Uint8Array(1_000_000);
 * const length = executor.submit((b: Uint8Array) => b.length, transfer(bytes));
 * assertEquals(await length, 1_000_000);
 * assertEquals(bytes.length, 0);
 * ```
 */
export function transfer<T>(value: T, list?: Transferable[]): T {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot transfer ${value === null ? "null" : typeof value}: an object is wanted`,
    );
  }
  if (!marked.has(value)) pending++;
  marked.set(value, list ?? findTransferables(value));
  return value;
}

/** By name, since to touch some of these globals makes Deno load them, for milliseconds. */
const TRANSFERABLE: ReadonlySet<string> = new Set([
  "[object ArrayBuffer]",
  "[object MessagePort]",
  "[object ReadableStream]",
  "[object WritableStream]",
  "[object TransformStream]",
  "[object ImageBitmap]",
]);

function isTransferable(value: object): value is Transferable {
  return TRANSFERABLE.has(Object.prototype.toString.call(value));
}

function findTransferables(value: unknown): Transferable[] {
  const found = new Set<Transferable>();
  const seen = new Set<unknown>();
  const stack = [value];
  while (stack.length > 0) {
    const item = stack.pop();
    if (typeof item !== "object" || item === null || seen.has(item)) continue;
    seen.add(item);
    if (isTransferable(item)) found.add(item);
    else if (ArrayBuffer.isView(item)) stack.push(item.buffer);
    else if (Array.isArray(item) || item instanceof Set) pushAll(stack, item);
    else if (item instanceof Map) pushAll(pushAll(stack, item.keys()), item.values());
    else if (isPlainObject(item)) pushAll(stack, Object.values(item));
  }
  return [...found];
}

/** Not `list.push(...items)`: there may be more of them than a call takes arguments. */
export function pushAll(list: unknown[], items: Iterable<unknown>): unknown[] {
  for (const item of items) list.push(item);
  return list;
}

/** Whether structured clone keeps the object as what it is: `{}`, not an instance of a class. */
export function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
