/**
 * Reads a value from bytes, which may be anybody's: nothing of them is run, looked up or believed.
 *
 * - A length is compared with the bytes that are left before anything is made of that length.
 * - Properties are defined, never assigned where a prototype could have a say (`__proto__`).
 * - Containers are nested in the bytes to a fixed depth only, so that the stack is enough.
 * - Every step takes a byte at least, so that the end is reached.
 *
 * Whatever goes wrong is a {@linkcode FrameError}.
 */

import { ByteSource, nameOf } from "./_byte_source.ts";
import { readLeaf } from "./_bytes_leaves.ts";
import { isPrimitive, readPrimitive } from "./_bytes_primitives.ts";
import {
  DEEPEST,
  ERROR_CLASSES,
  ErrorFlag,
  isArrayIndex,
  MOST_RESERVED,
  Tag,
  VIEW_CLASSES,
} from "./_bytes_tags.ts";
import { FrameError } from "./_frame_error.ts";
import { elementSize } from "./_views.ts";

/** The longest array that V8 makes in one go; of longer ones it would make a hash table. */
const LONGEST_ARRAY = 2 ** 25;
/** How many elements an array may have for each that is there, holes included, to have room for all. */
const MOST_HOLES = 4;

/** The keys of a shape, and whether objects may be given them by assignment. */
interface ReadShape {
  readonly keys: readonly string[];
  readonly isSafe: boolean;
}

/** See the head of the file. */
export class ValueReader {
  readonly #source: ByteSource;
  /** Every object so far, by its number. */
  readonly #objects: object[] = [];
  readonly #shapes: ReadShape[] = [];
  readonly #keys: string[] = [];
  /** The other parts of the message, the next one last. */
  readonly #outside: Uint8Array[];
  /** Fills of objects that were announced; see {@linkcode Tag.lateObject}. */
  readonly #late: (() => void)[] = [];
  #depth = 0;
  #reserved = 0;

  /** @param parts The message: the value, and its large buffers. */
  constructor(parts: readonly Uint8Array[]) {
    this.#source = new ByteSource(parts[0] ?? new Uint8Array(0));
    this.#outside = parts.slice(1).reverse();
  }

  /** Reads the whole message. */
  read(): unknown {
    try {
      const value = this.#value();
      // More come while these are read.
      for (const fill of this.#late) {
        this.#depth = 0;
        fill();
      }
      this.#source.end();
      const rest = this.#outside.length;
      if (rest > 0) throw this.#source.fault(`parts are left over: ${rest}`);
      return value;
    } catch (error) {
      if (error instanceof FrameError) throw error;
      throw this.#source.fault("what it holds can't be", error);
    }
  }

  #value(): unknown {
    const tag = this.#source.byte();
    return isPrimitive(tag) ? readPrimitive(this.#source, tag) : this.#object(tag);
  }

  #object(tag: number): object {
    switch (tag) {
      case Tag.object:
        return this.#fields(this.#add({}));
      case Tag.ref:
        return this.#ref();
      default:
        return this.#container(tag) ?? this.#builtin(tag);
    }
  }

  #ref(): object {
    const id = this.#source.length();
    const object = this.#objects[id];
    if (object === undefined) throw this.#source.fault(`there is no object ${id}`);
    return object;
  }

  #add<T extends object>(object: T): T {
    this.#objects.push(object);
    return object;
  }

  // ---- Containers ------------------------------------------------------------------------------

  #container(tag: number): object | undefined {
    switch (tag) {
      case Tag.array:
      case Tag.int32Array:
      case Tag.doubleArray:
      case Tag.sparseArray:
        return this.#array(tag, undefined);
      case Tag.map:
        return this.#map(this.#add(new Map()));
      case Tag.set:
        return this.#set(this.#add(new Set()));
      case Tag.lateObject:
        return this.#later({}, (object) => void this.#fields(object));
      case Tag.lateArray:
        return this.#later([], (list) => void this.#array(this.#source.byte(), list));
      case Tag.lateMap:
        return this.#later(new Map(), (map) => void this.#map(map));
      case Tag.lateSet:
        return this.#later(new Set(), (set) => void this.#set(set));
      default:
        return undefined;
    }
  }

  #later<T extends object>(object: T, fill: (object: T) => void): T {
    this.#late.push(() => fill(object));
    return this.#add(object);
  }

  #descend(): void {
    if (this.#depth++ >= DEEPEST) {
      throw this.#source.fault(`it is nested deeper than ${DEEPEST} levels`);
    }
  }

  #fields(object: object): object {
    const { keys, isSafe } = this.#shape();
    this.#descend();
    for (let i = 0; i < keys.length; i++) {
      if (this.#source.skip(Tag.hole)) continue;
      const value = this.#value();
      if (isSafe) (object as Record<string, unknown>)[keys[i]!] = value;
      else define(object, keys[i]!, value);
    }
    this.#depth--;
    return object;
  }

  #shape(): ReadShape {
    const source = this.#source;
    const id = source.length();
    const known = this.#shapes[id];
    if (known !== undefined) return known;
    if (id !== this.#shapes.length) throw source.fault(`there is no shape ${id}`);
    const keys: string[] = [];
    for (let count = source.length(); count > 0; count--) keys.push(this.#key());
    const shape = { keys, isSafe: keys.every((key) => !(key in Object.prototype)) };
    this.#shapes.push(shape);
    return shape;
  }

  #key(): string {
    const id = this.#source.length();
    const known = this.#keys[id];
    if (known !== undefined) return known;
    if (id !== this.#keys.length) throw this.#source.fault(`there is no key ${id}`);
    const key = this.#source.text();
    this.#keys.push(key);
    return key;
  }

  /** An array, or the contents of the one that was announced. */
  #array(tag: number, announced: unknown[] | undefined): unknown[] {
    const source = this.#source;
    if (tag === Tag.sparseArray) return this.#sparse(announced ?? this.#add([]));
    const count = source.elements();
    const list: unknown[] = announced ??
      this.#add(count <= LONGEST_ARRAY ? new Array(count) : []);
    if (tag === Tag.int32Array) source.int32s(list, count);
    else if (tag === Tag.doubleArray) source.float64s(list, count);
    else if (tag === Tag.array) {
      this.#descend();
      for (let i = 0; i < count; i++) list[i] = this.#value();
      this.#depth--;
    } else throw source.fault(`an array is wanted, not ${nameOf(tag)}`);
    return list;
  }

  #sparse(list: unknown[]): unknown[] {
    const length = this.#source.length();
    const count = this.#source.elements();
    // To set the length would make all elements of it, but for an array that is a hash table: to have
    // had an element so far off has made it one.
    if (length > MOST_HOLES * count) {
      list[LONGEST_ARRAY] = undefined;
      delete list[LONGEST_ARRAY];
    }
    list.length = length;
    this.#descend();
    for (let i = 0; i < count; i++) {
      const key = this.#value();
      if (!isKeyOf(length, key)) {
        // Of an object its kind only: the text of an array may take forever.
        const shown = typeof key === "string" ? JSON.stringify(key) : typeof key;
        throw this.#source.fault(`no key of an array of ${length}: ${shown}`);
      }
      define(list, key, this.#value());
    }
    this.#depth--;
    return list;
  }

  #map(map: Map<unknown, unknown>): Map<unknown, unknown> {
    this.#descend();
    for (let count = this.#source.length(); count > 0; count--) {
      const key = this.#value();
      map.set(key, this.#value());
    }
    this.#depth--;
    return map;
  }

  #set(set: Set<unknown>): Set<unknown> {
    this.#descend();
    for (let count = this.#source.length(); count > 0; count--) set.add(this.#value());
    this.#depth--;
    return set;
  }

  // ---- Builtin classes -------------------------------------------------------------------------

  #builtin(tag: number): object {
    switch (tag) {
      case Tag.error:
        return this.#error();
      case Tag.buffer:
      case Tag.resizableBuffer:
      case Tag.outsideBuffer:
        return this.#buffer(tag);
      case Tag.view:
        return this.#view();
      default: {
        const leaf = readLeaf(this.#source, tag);
        if (leaf !== undefined) return this.#add(leaf);
        throw this.#source.fault(`nothing is known of tag ${nameOf(tag)}`);
      }
    }
  }

  #error(): Error {
    const source = this.#source;
    const Class = ERROR_CLASSES[source.byte()];
    if (Class === undefined) throw source.fault("the class of an error is wanted");
    const flags = source.byte();
    const error = this.#add(
      flags & ErrorFlag.message ? new Class(source.text()) : new Class(),
    );
    error.stack = (flags & ErrorFlag.stack ? source.text() : undefined)!;
    if (flags & ErrorFlag.lateCause) this.#late.push(() => this.#cause(error));
    else if (flags & ErrorFlag.cause) this.#cause(error);
    return error;
  }

  #cause(error: Error): void {
    this.#descend();
    define(error, "cause", this.#value(), false);
    this.#depth--;
  }

  #buffer(tag: number): ArrayBuffer {
    if (tag === Tag.outsideBuffer) return this.#add(this.#outsideBuffer());
    const source = this.#source;
    const length = source.length();
    const options = tag === Tag.resizableBuffer
      ? { maxByteLength: this.#reserve(source.float64()) }
      : undefined;
    const bytes = source.bytes(length);
    const buffer = new ArrayBuffer(length, options);
    new Uint8Array(buffer).set(bytes);
    return this.#add(buffer);
  }

  #outsideBuffer(): ArrayBuffer {
    const part = this.#outside.pop();
    if (part === undefined) throw this.#source.fault("a part of the message is missing");
    const { buffer } = part;
    const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === part.length;
    return isAlone && !buffer.resizable ? buffer : new Uint8Array(part).buffer;
  }

  #reserve(length: number): number {
    this.#reserved += length;
    if (!(this.#reserved <= MOST_RESERVED)) {
      throw this.#source.fault(`resizable buffers of ${this.#reserved} bytes are too large`);
    }
    return length;
  }

  #view(): ArrayBufferView {
    const source = this.#source;
    const tag = source.byte();
    const isNew = tag === Tag.buffer || tag === Tag.resizableBuffer || tag === Tag.outsideBuffer;
    const buffer = isNew || tag === Tag.ref ? this.#object(tag) : undefined;
    if (!(buffer instanceof ArrayBuffer)) throw source.fault("the buffer of a view is wanted");
    const kind = source.byte();
    const Class = VIEW_CLASSES[kind];
    if (Class === undefined) throw source.fault("the class of a view is wanted");
    const isTracking = source.byte() === 1;
    const byteOffset = source.length();
    const length = source.length();
    if (isTracking && buffer.resizable) return this.#add(new Class(buffer, byteOffset));
    if (byteOffset + length * elementSize(kind) > buffer.byteLength) {
      throw source.fault(`a view of ${length} elements is longer than its buffer`);
    }
    return this.#add(new Class(buffer, byteOffset, length));
  }
}

/** Whether it is an index of an array of that length, or the name of a property beside its elements. */
function isKeyOf(length: number, key: unknown): key is number | string {
  if (typeof key === "string") return key !== "length" && !isArrayIndex(key);
  return typeof key === "number" && Number.isInteger(key) && key >= 0 && key < length;
}

/** Sets an own property whatever prototypes say, as structured clone does. */
function define(object: object, key: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}
