/**
 * Values that structured clone refuses or changes, on their way to another realm.
 *
 * {@linkcode encode} copies the containers of a value (arrays, plain objects, maps, sets; shared and
 * cyclic ones stay so) and replaces what a handler knows by a plain record; {@linkcode decode} turns the
 * records back. All else is left to structured clone. Most values need none of this: the sender posts
 * them as they are, unless {@linkcode needsEncoding} says otherwise.
 */

import { decodeError, encodeError, type WireError } from "./_error_codec.ts";
import { isMarked, isPlainObject, takeTransfer, transfersPending } from "./transfer.ts";

/** The key that tells a record from data; data that has it is wrapped. */
const TAG = "@herd";

interface Handler {
  readonly tag: string;
  handles(value: object): boolean;
  /** A value that structured clone keeps. */
  encode(value: object): unknown;
  decode(data: unknown): unknown;
}

const HANDLERS: readonly Handler[] = [
  {
    tag: "url",
    handles: (value) => value instanceof URL,
    encode: (value) => (value as URL).href,
    decode: (data) => new URL(data as string),
  },
  {
    tag: "error",
    handles: (value) => value instanceof Error,
    encode: (value) => encodeError(value),
    decode: (data) => decodeError(data as WireError),
  },
];

/**
 * Whether posting `value` as it is would lose something: a nested `URL` arrives as `{}`, an error
 * without its class, and what was marked for transfer is copied. A look costs a tenth of the clone.
 */
export function needsEncoding(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (isSpecial(value)) return true;
  return isContainer(value) && containsSpecial(value);
}

function isSpecial(value: object): boolean {
  return (transfersPending() && isMarked(value)) || HANDLERS.some((h) => h.handles(value));
}

function isContainer(value: object): boolean {
  return Array.isArray(value) || value instanceof Map || value instanceof Set ||
    isPlainObject(value);
}

/** Looks through nested containers; an explicit stack, since depth is the user's. */
function containsSpecial(root: object): boolean {
  const containers = [root];
  let seen: Set<object> | undefined;
  for (let container = containers.pop(); container !== undefined; container = containers.pop()) {
    for (const item of itemsOf(container)) {
      if (typeof item !== "object" || item === null) continue;
      if (isSpecial(item)) return true;
      if (!isContainer(item)) continue;
      seen ??= new Set([root]);
      if (seen.has(item)) continue;
      seen.add(item);
      containers.push(item);
    }
    if (!Array.isArray(container) && Object.hasOwn(container, TAG)) return true;
  }
  return false;
}

function itemsOf(container: object): Iterable<unknown> {
  if (Array.isArray(container) || container instanceof Set) return container;
  if (container instanceof Map) return [...container.keys(), ...container.values()];
  return Object.values(container);
}

/**
 * Makes `value` ready to be posted.
 *
 * @param transferList Gets what has to be moved along.
 */
export function encode(value: unknown, transferList: Transferable[]): unknown {
  return new Encoder(transferList).encode(value);
}

class Encoder {
  readonly #transferList: Transferable[];
  readonly #copies = new Map<object, unknown>();

  constructor(transferList: Transferable[]) {
    this.#transferList = transferList;
  }

  encode(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    const moved = takeTransfer(value);
    if (moved !== undefined) this.#transferList.push(...moved);
    const handler = HANDLERS.find((handler) => handler.handles(value));
    if (handler !== undefined) {
      const record = { [TAG]: handler.tag, data: handler.encode(value) };
      this.#copies.set(value, record);
      return record;
    }
    if (Array.isArray(value)) return this.#fill(value, new Array(value.length));
    if (value instanceof Map) {
      const copy = new Map();
      this.#copies.set(value, copy);
      for (const [key, item] of value) copy.set(this.encode(key), this.encode(item));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set();
      this.#copies.set(value, copy);
      for (const item of value) copy.add(this.encode(item));
      return copy;
    }
    if (!isPlainObject(value)) return value;
    if (!(TAG in value)) return this.#fill(value, {});
    const record = { [TAG]: "object", data: {} };
    this.#copies.set(value, record);
    this.#copyInto(record.data, value);
    return record;
  }

  #fill(value: object, copy: object): object {
    this.#copies.set(value, copy);
    this.#copyInto(copy, value);
    return copy;
  }

  #copyInto(copy: object, value: object): void {
    for (const [key, item] of Object.entries(value)) setOwn(copy, key, this.encode(item));
  }
}

/** Turns what {@linkcode encode} made back, in place. */
export function decode(wire: unknown): unknown {
  return new Decoder().decode(wire);
}

class Decoder {
  readonly #done = new Map<object, unknown>();

  decode(wire: unknown): unknown {
    if (typeof wire !== "object" || wire === null) return wire;
    if (this.#done.has(wire)) return this.#done.get(wire);
    this.#done.set(wire, wire);
    if (Array.isArray(wire)) return this.#items(wire);
    if (wire instanceof Map) {
      const entries = [...wire];
      wire.clear();
      for (const [key, item] of entries) wire.set(this.decode(key), this.decode(item));
      return wire;
    }
    if (wire instanceof Set) {
      const items = [...wire];
      wire.clear();
      for (const item of items) wire.add(this.decode(item));
      return wire;
    }
    if (!isPlainObject(wire)) return wire;
    if (!Object.hasOwn(wire, TAG)) return this.#items(wire);
    const { [TAG]: tag, data } = wire as { [TAG]: string; data: unknown };
    if (tag === "object") {
      this.#done.set(wire, data);
      return this.#items(data as object);
    }
    const handler = HANDLERS.find((handler) => handler.tag === tag);
    if (handler === undefined) {
      throw new TypeError(`Cannot decode a value: nothing is known of tag ${String(tag)}`);
    }
    const value = handler.decode(data);
    this.#done.set(wire, value);
    return value;
  }

  #items<T extends object>(container: T): T {
    for (const [key, item] of Object.entries(container)) {
      setOwn(container, key, this.decode(item));
    }
    return container;
  }
}

/** Sets an own property, `__proto__` too. */
function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else (object as Record<string, unknown>)[key] = value;
}
