/**
 * Writes a value as bytes. The format stands in `_bytes.ts`.
 *
 * Every property is read once, by way of its getter if it has one: those of an array all together, those
 * of an object one after the other, each with all that it holds before the next. User code runs in
 * getters and proxies only, and in what an error says of itself.
 */

import type { BufferMoves } from "../values/_buffer_moves.ts";
import type { ByteSink } from "./_byte_sink.ts";
import { dataCloneError, kindOf, refuseKind, refusePrimitive } from "./_bytes_kinds.ts";
import { writeLeaf } from "./_bytes_leaves.ts";
import { writePrimitive } from "./_bytes_primitives.ts";
import { ShapeTable } from "./_bytes_shapes.ts";
import {
  DEEPEST,
  ERROR_CLASSES,
  ErrorFlag,
  isArrayIndex,
  LEAST_PART,
  MOST_RESERVED,
  Tag,
} from "./_bytes_tags.ts";
import { snapshot } from "../values/_snapshots.ts";
import { bufferOf, factsOf } from "./_views.ts";

/** From this length on, a look at whether an array has nothing but numbers is worth it. */
const LEAST_BLOCK = 12;
/** The longest buffer whose length can be written; no frame is as long. */
const LONGEST_BUFFER = 2 ** 32 - 1;

/** See the head of the file. */
export class ValueWriter {
  readonly #sink: ByteSink;
  readonly #moves: BufferMoves | undefined;
  readonly #borrows: boolean;
  /** The objects that were written, or begun, and their numbers. */
  readonly #ids = new Map<object, number>();
  readonly #shapes = new ShapeTable();
  /** The keys of all shapes, and their numbers. */
  readonly #keys = new Map<string, number>();
  /** Objects that are too deep to be written in place, and as what they were announced. */
  readonly #late: { readonly tag: number; readonly value: object }[] = [];
  /** Large buffers: copies, what is to be moved, or what is borrowed. */
  readonly #outside: (Uint8Array | ArrayBuffer)[] = [];
  #depth = 0;
  #reserved = 0;

  /** @param borrows Whether large buffers are not copied. */
  constructor(sink: ByteSink, moves: BufferMoves | undefined, borrows = false) {
    this.#sink = sink;
    this.#moves = moves;
    this.#borrows = borrows;
  }

  /** Writes a whole message. Returns its other parts, some of which may have to be moved yet. */
  write(value: unknown): readonly (Uint8Array | ArrayBuffer)[] {
    this.#value(value);
    // More come while these are written.
    for (const late of this.#late) this.#contents(late.tag, late.value);
    return this.#outside;
  }

  #value(value: unknown): void {
    if (typeof value === "object" && value !== null) this.#object(value);
    else writePrimitive(this.#sink, value);
  }

  #object(value: object): void {
    const id = this.#ids.get(value);
    if (id !== undefined) {
      this.#sink.byte(Tag.ref);
      this.#sink.length(id);
    } else if (Array.isArray(value)) {
      if (this.#begin(value, Tag.lateArray)) this.#array(value);
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      this.#properties(value, true);
    } else if (ArrayBuffer.isView(value)) {
      this.#view(value);
    } else {
      this.#builtin(value, kindOf(value));
    }
  }

  /**
   * Gives the object its number. Returns whether its contents are to follow at once; if not, they will
   * be written when all else has been.
   */
  #begin(value: object, tag: number): boolean {
    this.#ids.set(value, this.#ids.size);
    if (this.#depth < DEEPEST) return true;
    this.#sink.byte(tag);
    this.#late.push({ tag, value });
    return false;
  }

  /** The contents of an object that was only announced. */
  #contents(tag: number, value: object): void {
    this.#depth = 0;
    switch (tag) {
      case Tag.lateArray:
        return this.#array(value as unknown[]);
      case Tag.lateMap:
        return this.#map(value as Map<unknown, unknown>);
      case Tag.lateSet:
        return this.#set(value as Set<unknown>);
      case Tag.error:
        return this.#cause(Reflect.get(value, "cause"));
      default:
        return this.#fields(value, Object.keys(value));
    }
  }

  // ---- Containers ------------------------------------------------------------------------------

  #array(list: readonly unknown[]): void {
    const sink = this.#sink;
    const length = list.length;
    const items = Object.values(list);
    // Without a hole there is nothing but the elements, since there are as many properties.
    if (items.length !== length || !isDense(list, length)) return this.#sparse(list, items);
    if (length >= LEAST_BLOCK && typeof items[0] === "number") {
      if (areInt32s(items, length)) {
        sink.byte(Tag.int32Array);
        sink.length(length);
        return sink.int32s(items);
      }
      if (areNumbers(items, length)) {
        sink.byte(Tag.doubleArray);
        sink.length(length);
        return sink.float64s(items);
      }
    }
    sink.byte(Tag.array);
    sink.length(length);
    this.#depth++;
    for (let i = 0; i < length; i++) this.#value(items[i]);
    this.#depth--;
  }

  #sparse(list: readonly unknown[], items: readonly unknown[]): void {
    const keys = Object.keys(list);
    // A proxy may say anything.
    const length = list.length >>> 0;
    const isChanged = (key: string) => isArrayIndex(key) && Number(key) >= length;
    if (keys.length !== items.length || keys.some(isChanged)) {
      throw dataCloneError("An array that its own getters change could not be cloned.");
    }
    this.#sink.byte(Tag.sparseArray);
    this.#sink.length(length);
    this.#sink.length(keys.length);
    this.#depth++;
    for (const [i, key] of keys.entries()) {
      if (isArrayIndex(key)) this.#sink.number(Number(key));
      else this.#sink.text(key);
      this.#value(items[i]);
    }
    this.#depth--;
  }

  #properties(value: object, isPlain: boolean): void {
    const keys = Object.keys(value);
    // As such a thing looks that is no plain object although it has the prototype of one: `arguments`.
    if (isPlain && (keys.length === 0 || keys[0] === "0")) {
      const kind = kindOf(value);
      if (kind !== "Object") return this.#builtin(value, kind);
    }
    if (!this.#begin(value, Tag.lateObject)) return;
    this.#sink.byte(Tag.object);
    this.#fields(value, keys);
  }

  #fields(value: object, keys: readonly string[]): void {
    this.#shape(keys);
    this.#depth++;
    for (let i = 0; i < keys.length; i++) {
      const item = (value as Record<string, unknown>)[keys[i]!];
      // A getter may have deleted what comes after it.
      if (item === undefined && !Object.hasOwn(value, keys[i]!)) this.#sink.byte(Tag.hole);
      else this.#value(item);
    }
    this.#depth--;
  }

  #shape(keys: readonly string[]): void {
    const known = this.#shapes.find(keys);
    if (known !== undefined) return this.#sink.length(known.id);
    this.#sink.length(this.#shapes.add(keys).id);
    this.#sink.length(keys.length);
    for (const key of keys) {
      const id = this.#keys.get(key);
      this.#sink.length(id ?? this.#keys.size);
      if (id !== undefined) continue;
      this.#keys.set(key, this.#keys.size);
      this.#sink.text(key);
    }
  }

  #map(map: Map<unknown, unknown>): void {
    const items: unknown[] = [];
    Map.prototype.forEach.call(map, (value, key) => void items.push(key, value));
    this.#items(items, items.length / 2);
  }

  #set(set: Set<unknown>): void {
    const items: unknown[] = [];
    Set.prototype.forEach.call(set, (item) => void items.push(item));
    this.#items(items, items.length);
  }

  #items(items: readonly unknown[], count: number): void {
    this.#sink.length(count);
    this.#depth++;
    for (const item of items) this.#value(item);
    this.#depth--;
  }

  // ---- Builtin classes -------------------------------------------------------------------------

  #builtin(value: object, kind: string): void {
    switch (kind) {
      case "Object":
        return this.#properties(value, false);
      case "Map":
        if (!this.#begin(value, Tag.lateMap)) return;
        this.#sink.byte(Tag.map);
        return this.#map(value as Map<unknown, unknown>);
      case "Set":
        if (!this.#begin(value, Tag.lateSet)) return;
        this.#sink.byte(Tag.set);
        return this.#set(value as Set<unknown>);
      case "ArrayBuffer":
        return this.#buffer(value as ArrayBuffer);
      case "Error":
        return this.#error(value as Error);
      default:
        refuseKind(kind);
        this.#ids.set(value, this.#ids.size);
        return writeLeaf(this.#sink, value, kind);
    }
  }

  #error(error: Error): void {
    this.#ids.set(error, this.#ids.size);
    const name = textOf(error.name);
    const message = Object.getOwnPropertyDescriptor(error, "message");
    const cause = Object.getOwnPropertyDescriptor(error, "cause");
    const stack: unknown = error.stack;
    const hasMessage = message !== undefined && "value" in message;
    const hasCause = cause !== undefined && "value" in cause;
    const isLate = this.#depth >= DEEPEST;
    this.#sink.byte(Tag.error);
    this.#sink.byte(Math.max(0, ERROR_CLASSES.findIndex((known) => known.name === name)));
    this.#sink.byte(
      (hasMessage ? ErrorFlag.message : 0) | (typeof stack === "string" ? ErrorFlag.stack : 0) |
        (hasCause ? (isLate ? ErrorFlag.lateCause : ErrorFlag.cause) : 0),
    );
    if (hasMessage) this.#sink.text(textOf(message.value));
    if (typeof stack === "string") this.#sink.text(stack);
    if (!hasCause) return;
    if (isLate) this.#late.push({ tag: Tag.error, value: error });
    else this.#cause(cause.value);
  }

  #cause(cause: unknown): void {
    this.#depth++;
    this.#value(cause);
    this.#depth--;
  }

  #buffer(buffer: ArrayBuffer): void {
    if (buffer.detached) {
      throw dataCloneError("An ArrayBuffer is detached and could not be cloned.");
    }
    const bytes = new Uint8Array(buffer);
    if (bytes.length > LONGEST_BUFFER) {
      throw dataCloneError(
        `An ArrayBuffer could not be sent to another process: it is too long: ${bytes.length} bytes, ` +
          `where ${LONGEST_BUFFER} are the most: send it in pieces`,
      );
    }
    this.#ids.set(buffer, this.#ids.size);
    const isMoved = this.#moves?.announce(buffer, bytes.length) ?? false;
    if (bytes.length >= LEAST_PART && !buffer.resizable) {
      this.#sink.byte(Tag.outsideBuffer);
      this.#outside.push(isMoved ? buffer : this.#borrows ? bytes : snapshot(bytes));
    } else {
      this.#sink.byte(buffer.resizable ? Tag.resizableBuffer : Tag.buffer);
      this.#sink.length(bytes.length);
      if (buffer.resizable) this.#reserve(buffer.maxByteLength);
      this.#sink.bytes(bytes);
    }
  }

  /** What a resizable buffer may grow to. */
  #reserve(length: number): void {
    this.#reserved += length;
    if (this.#reserved > MOST_RESERVED) {
      throw dataCloneError(
        `Resizable ArrayBuffers could not be sent to another process: they may grow too large: ` +
          `${this.#reserved} bytes, where ${MOST_RESERVED} are the most: send a copy, slice(0)`,
      );
    }
    this.#sink.float64(length);
  }

  #view(view: ArrayBufferView): void {
    this.#sink.byte(Tag.view);
    const buffer = bufferOf(view);
    this.#object(buffer);
    this.#ids.set(view, this.#ids.size);
    const { kind, byteOffset, length, isTracking } = factsOf(view, buffer as ArrayBuffer);
    this.#sink.byte(kind);
    this.#sink.byte(isTracking ? 1 : 0);
    this.#sink.length(byteOffset);
    this.#sink.length(length);
  }
}

/** Whether an array has all its elements; runs no getter. */
function isDense(list: readonly unknown[], length: number): boolean {
  for (let i = 0; i < length; i++) if (!(i in list)) return false;
  return true;
}

/** Whether all are integers of 32 bits, which -0 is not. */
function areInt32s(items: readonly unknown[], length: number): items is readonly number[] {
  for (let i = 0; i < length; i++) {
    const item = items[i];
    if (typeof item !== "number" || item !== (item | 0)) return false;
    if (item === 0 && 1 / item < 0) return false;
  }
  return true;
}

function areNumbers(items: readonly unknown[], length: number): items is readonly number[] {
  for (let i = 0; i < length; i++) if (typeof items[i] !== "number") return false;
  return true;
}

/** What structured clone makes of an error's name and message. */
function textOf(value: unknown): string {
  return typeof value === "symbol" ? refusePrimitive(value) : String(value);
}
