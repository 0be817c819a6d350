/**
 * Values that structured clone refuses or changes, on their way to another realm.
 *
 * {@linkcode encode} copies the containers of a value (arrays, plain objects, maps, sets; shared and
 * cyclic ones stay so) and replaces what a handler knows by a plain record; {@linkcode decode} turns the
 * records back. All else is left to structured clone. Most values need none of this: the sender posts
 * them as they are, unless {@linkcode MessageScan} says otherwise.
 */

import {
  kindOf,
  objectOf,
  recordOf,
  type ShareableKind,
  type SharedRecord,
  takeBack,
} from "../../sync/_shareable.ts";
import { decodeError, encodeError, type WireError } from "./_error_codec.ts";
import { type FunctionRecord, functionRecord } from "./_function_record.ts";
import { referenceTo } from "./_known_exports.ts";
import { type RelayKind, relayKind } from "../objects/_relay_kind.ts";
import { Reference } from "./_task_reference.ts";
import { unsendable } from "./_unsendable.ts";
import { isMarked, isPlainObject, takeTransfer, transfersPending } from "../transfer.ts";

/**
 * The key that tells this realm's records from data. It is random, and sent along with what it marks,
 * since no fixed key would do: structured clone makes plain objects of instances, and what they hold is
 * out of {@linkcode encode}'s reach.
 */
const TAG = `@herd:${Math.random().toString(36).slice(2)}`;

interface Handler {
  readonly tag: string;
  handles(value: object): boolean;
  /** A value that structured clone keeps. */
  encode(value: object): unknown;
  decode(data: unknown): unknown;
}

/** The tag of shared objects by their memory. */
export const SHARED = "shared";
/** The tag of those that go by what stands for them elsewhere. */
export const REMOTE = "remote";
/** A function that a shared object brings along. */
const FUNCTION = "function";
/** A function by reference. */
const REFERENCE = "reference";

/** How shared objects go to where their memory is not. */
export interface Exporter {
  /** What is sent of an object; `undefined` when its memory is. */
  export(object: object, kind: ShareableKind<object>): unknown;
  /** Whether the receiver has the same memory, and streams can move there. */
  readonly sharesMemory?: boolean;
  /** Whether functions go by reference, where one is known. */
  readonly refersToFunctions?: boolean;
  /** The receiver's realm; where that is known, and has the same memory. */
  readonly realm?: number;
  /** What {@linkcode export} or {@linkcode relay} gave has not been sent. */
  takeBack?(record: unknown): void;
  /** What is sent of a stream or socket, where they can be. */
  relay?(value: object, kind: RelayKind): unknown;
}

/** How they come from there. */
export interface Importer {
  /** Whether memory may come, too. */
  readonly sharesMemory: boolean;
  /** The object that was sent so. */
  import(record: unknown): object;
  /** A function that an object has brought along. */
  revive(record: FunctionRecord): unknown;
  /** A function that was sent by reference. */
  refer?(record: unknown): unknown;
}

const HANDLERS: readonly Handler[] = [
  {
    tag: "url",
    handles: (value) => classOf(value) === "URL" && value instanceof URL,
    encode: (value) => (value as URL).href,
    decode: (data) => new URL(data as string),
  },
  {
    tag: "task",
    handles: (value) => value instanceof Reference,
    encode: (value) => Reference.recordOf(value as Reference<never[], unknown>),
    decode: (data) => Reference.from(data),
  },
  {
    tag: "error",
    handles: (value) => value instanceof Error,
    encode: (value) => encodeError(value),
    decode: (data) => decodeError(data as WireError),
  },
  {
    tag: "refused",
    handles: (value) => REFUSED.has(classOf(value)) || unsendable(value) !== undefined,
    encode: (value) => refuse(value),
    decode: () => undefined,
  },
];

/**
 * What structured clone, inside of another object, would turn into `{}` without a word. By name, since
 * to touch some of these globals makes Deno load them, for milliseconds.
 */
const REFUSED: ReadonlySet<string> = new Set([
  "AbortSignal",
  "AbortController",
  "Headers",
  "Request",
  "Response",
  "URLSearchParams",
  "FormData",
  "URLPattern",
  "EventTarget",
  "TextDecoder",
  "TextEncoder",
]);

function classOf(value: object): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function refuse(value: object): never {
  const name = REFUSED.has(classOf(value)) ? classOf(value) : String(value.constructor?.name);
  const remedy = unsendable(value) ??
    (name === "AbortSignal"
      ? "give it to options({ signal }), and read current_task().signal in the task"
      : "send what it holds as plain values");
  throw new DOMException(
    `Cannot clone an object of class ${name}: ${remedy}`,
    "DataCloneError",
  );
}

/** What a value needs on its way: nothing, the codec, or a message without what was posted before. */
export type Need = "nothing" | "encoding" | "another message";

/**
 * Looks through the values of one message before they are posted.
 *
 * Posting a value as it is would lose something where it holds what a handler knows: a nested `URL`
 * arrives as `{}`, an error without its class, and what was marked for transfer is copied. And an object
 * that two values of one message have in common arrives as one object, so that one task would see what
 * another does to it. A look costs a tenth of the clone.
 */
export class MessageScan {
  /** The objects of the message, and the number of the value that has them. */
  readonly #owners = new Map<object, number>();
  #values = 0;

  /** Looks at the message's next value. */
  look(value: unknown): Need {
    const owner = this.#values++;
    const containers: object[] = [];
    let need: Need = "nothing";
    /** Whether the object is another value's. */
    const visit = (item: unknown): boolean => {
      if (typeof item === "function" && referenceTo(item) !== undefined) need = "encoding";
      if (typeof item !== "object" || item === null || isShared(item)) return false;
      if (kindOf(item) !== undefined) {
        // The same object for all that have it.
        need = "encoding";
        return false;
      }
      const known = this.#owners.get(item);
      if (known !== undefined) return known !== owner;
      this.#owners.set(item, owner);
      const special = isSpecial(item);
      if (special) need = "encoding";
      if (isContainer(item) || (!special && isInstance(item))) containers.push(item);
      return ArrayBuffer.isView(item) && visit(item.buffer);
    };
    if (visit(value)) return "another message";
    // An explicit stack, since the depth is the user's.
    for (let next = containers.pop(); next !== undefined; next = containers.pop()) {
      for (const item of itemsOf(next)) if (visit(item)) return "another message";
    }
    return need;
  }
}

/** Copies what later values of a list have in common with earlier ones, so that each is its own. */
export class Separator {
  #scan: MessageScan | undefined = undefined;

  /** `value`, or a copy of it. */
  separate<T>(value: T): T {
    if (typeof value !== "object" || value === null) return value;
    this.#scan ??= new MessageScan();
    if (this.#scan.look(value) !== "another message") return value;
    const transfer: Transferable[] = [];
    const keeper = new Keeper();
    return decode(structuredClone(encode(value, transfer, keeper), { transfer }), keeper) as T;
  }
}

/** Keeps shared objects as they are, where a value is copied and goes nowhere. */
class Keeper implements Exporter, Importer {
  readonly sharesMemory = true;
  readonly #objects: object[] = [];

  export(object: object): number {
    return this.#objects.push(object) - 1;
  }

  import(index: unknown): object {
    return this.#objects[index as number]!;
  }

  /** Never asked: an object that is kept brings nothing along. */
  revive(record: FunctionRecord): never {
    throw new TypeError(`Cannot revive ${record.name}: it was kept`);
  }

  /** A socket is its thread's: a copy of the value has the same. */
  relay(value: object): number {
    return this.export(value);
  }
}

/** Memory that several realms are meant to have in common. */
function isShared(value: object): boolean {
  return value instanceof SharedArrayBuffer ||
    (ArrayBuffer.isView(value) && value.buffer instanceof SharedArrayBuffer);
}

/** Whether posting `value` by itself would lose something. */
export function needsEncoding(value: unknown): boolean {
  return new MessageScan().look(value) === "encoding";
}

function isSpecial(value: object): boolean {
  return (transfersPending() && isMarked(value)) ||
    (!isContainer(value) &&
      (relayKind(value) !== undefined || HANDLERS.some((handler) => handler.handles(value))));
}

function isContainer(value: object): boolean {
  return Array.isArray(value) || isPlainObject(value) || value instanceof Map ||
    value instanceof Set;
}

/** Whether structured clone makes a plain object of it, since it knows nothing of its class. */
function isInstance(value: object): boolean {
  return classOf(value) === "Object";
}

function itemsOf(container: object): Iterable<unknown> {
  if (container instanceof Set) return container;
  if (container instanceof Map) return [...container.keys(), ...container.values()];
  // Of arrays too: holes may be billions, and properties beside the elements travel.
  return Object.values(container);
}

/**
 * What {@linkcode encode} makes: the key of its records, the value, whether it has shared objects, and what
 * functions these bring along.
 */
export type Encoded = [
  tag: string,
  value: unknown,
  shares?: true,
  functions?: readonly FunctionRecord[],
];

/**
 * Makes `value` ready to be posted.
 *
 * @param transferList Gets what has to be moved along.
 * @param exporter For shared objects, where they do not all go as memory.
 */
export function encode(
  value: unknown,
  transferList: Transferable[],
  exporter?: Exporter,
): Encoded {
  const encoder = new Encoder(transferList, exporter);
  let encoded: unknown;
  try {
    encoded = encoder.encode(value);
  } catch (error) {
    for (const copy of encoder.copies) takeBack(copy);
    for (const record of encoder.remotes) exporter?.takeBack?.(record);
    throw error;
  }
  const { shares, functions } = encoder;
  if (functions.length > 0) return [TAG, encoded, true, functions];
  return shares ? [TAG, encoded, true] : [TAG, encoded];
}

/** In place of the key, where nothing was marked: all of the value is primitives. */
export const PLAIN = "";

/** The same as {@linkcode encode} makes of arguments that are primitives; `undefined` when one is none. */
export function encodePrimitives(values: readonly unknown[]): Encoded | undefined {
  for (let i = 0; i < values.length; i++) if (!isPrimitive(values[i])) return undefined;
  return [PLAIN, values];
}

/** The same of one value. */
export function encodePrimitive(value: unknown): Encoded | undefined {
  return isPrimitive(value) ? [PLAIN, value] : undefined;
}

function isPrimitive(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== "object" && type !== "function" && type !== "symbol");
}

/** Whether an encoded value is, or holds, nothing but primitives. */
export function isPlain(wire: Encoded): boolean {
  return wire[0] === PLAIN;
}

/** Whether {@linkcode decode} will need the classes of shared objects. */
export function sharesObjects(wire: unknown): boolean {
  return (wire as Encoded).length > 2;
}

/** The functions that shared objects bring along, to be found before they are called. */
export function functionsOf(wire: unknown): readonly FunctionRecord[] {
  return (wire as Encoded)[3] ?? [];
}

class Encoder {
  readonly #transferList: Transferable[];
  /** What the list holds, once something was added. */
  #listed: Set<Transferable> | undefined = undefined;
  readonly #copies = new Map<object, unknown>();
  readonly #exporter: Exporter | undefined;
  /** Whether there was a shared object. */
  shares = false;
  /** What was copied for the receiver. */
  readonly copies: SharedRecord[] = [];
  /** What is sent of objects whose memory is not. */
  readonly remotes: unknown[] = [];
  readonly functions: FunctionRecord[] = [];
  /** In how many of them the encoder is: nested ones. */
  #sharing = 0;

  constructor(transferList: Transferable[], exporter: Exporter | undefined) {
    this.#transferList = transferList;
    this.#exporter = exporter;
  }

  encode(value: unknown): unknown {
    if (typeof value === "function" && this.#sharing > 0) {
      const data = functionRecord(value);
      this.functions.push(data);
      return { [TAG]: FUNCTION, data };
    }
    if (typeof value === "function" && this.#exporter?.refersToFunctions) {
      const data = referenceTo(value);
      if (data !== undefined) {
        // It is decoded with what decodes shared objects.
        this.shares = true;
        return { [TAG]: REFERENCE, data };
      }
    }
    if (typeof value !== "object" || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    const moved = takeTransfer(value);
    if (moved !== undefined) this.#move(moved);
    const kind = kindOf(value);
    if (kind !== undefined) return this.#share(value, kind);
    const relayed = this.#relay(value);
    if (relayed !== undefined) return relayed;
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
    return isPlainObject(value) || isInstance(value) ? this.#fill(value, {}) : value;
  }

  #share(object: object, kind: ShareableKind<object>): unknown {
    this.shares = true;
    const remote = this.#exporter?.export(object, kind);
    let record: object;
    if (remote !== undefined) {
      this.remotes.push(remote);
      record = { [TAG]: REMOTE, data: remote };
    } else {
      const shared = recordOf(object, kind, this.#exporter?.realm);
      if (kind.passing !== undefined) this.copies.push(shared);
      const [name, id, data] = shared;
      this.#sharing++;
      record = { [TAG]: SHARED, data: [name, id, this.encode(data)] };
      this.#sharing--;
    }
    this.#copies.set(object, record);
    return record;
  }

  /** Streams move to where the memory is the same; else they are relayed, and sockets always. */
  #relay(value: object): object | undefined {
    const kind = relayKind(value);
    if (kind === undefined) return undefined;
    if (kind !== "Conn" && this.#exporter?.sharesMemory !== false) {
      this.#move([value as Transferable]);
      return undefined;
    }
    if (this.#exporter?.relay === undefined) {
      throw new DOMException("Cannot clone a socket: it can only be an argument", "DataCloneError");
    }
    this.shares = true;
    const record = { [TAG]: REMOTE, data: this.#exporter.relay(value, kind) };
    this.#copies.set(value, record);
    return record;
  }

  /** Marks may overlap, also with what the options list; to list a thing twice is an error. */
  #move(items: readonly Transferable[]): void {
    this.#listed ??= new Set(this.#transferList);
    const isRelaying = this.#exporter?.sharesMemory === false;
    for (const item of items) {
      if (this.#listed.has(item) || (isRelaying && relayKind(item) !== undefined)) continue;
      this.#listed.add(item);
      this.#transferList.push(item);
    }
  }

  #fill(value: object, copy: object): object {
    this.#copies.set(value, copy);
    for (const [key, item] of Object.entries(value)) setOwn(copy, key, this.encode(item));
    return copy;
  }
}

/**
 * The first of several values that can't be sent, and why. Looks at each by itself, so it is for when a
 * message that has them did not go; `undefined` too when values would have to be moved to find out.
 */
export function firstUnsendable(
  values: readonly unknown[],
): { readonly index: number; readonly error: unknown } | undefined {
  if (transfersPending()) return undefined;
  for (const [index, value] of values.entries()) {
    try {
      const moved: Transferable[] = [];
      const wire = needsEncoding(value) ? encode(value, moved, new Keeper()) : value;
      // To move something to find out would be to lose it.
      if (moved.length === 0) structuredClone(wire);
    } catch (error) {
      return { index, error };
    }
  }
  return undefined;
}

/** Says what could not be cloned; an error that a value's own code threw is left as it is. */
export function explainCloneError(error: unknown, what: string): unknown {
  if (!(error instanceof DOMException) || error.name !== "DataCloneError") return error;
  return new DOMException(`Cannot send ${what}: ${error.message}`, "DataCloneError");
}

/**
 * Turns what {@linkcode encode} made back, in place.
 *
 * @param importer For shared objects that did not come as memory.
 */
export function decode(wire: unknown, importer?: Importer): unknown {
  const [tag, value] = wire as Encoded;
  if (tag === PLAIN) return value;
  return new Decoder(tag, importer).decode(value);
}

class Decoder {
  readonly #tag: string;
  readonly #done = new Map<object, unknown>();
  readonly #importer: Importer | undefined;

  constructor(tag: string, importer: Importer | undefined) {
    this.#tag = tag;
    this.#importer = importer;
  }

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
    if (!Object.hasOwn(wire, this.#tag)) return this.#items(wire);
    const { [this.#tag]: tag, data } = wire as Record<string, unknown>;
    const value = this.#revive(tag, data);
    this.#done.set(wire, value);
    return value;
  }

  #revive(tag: unknown, data: unknown): unknown {
    if (tag === SHARED && this.#importer?.sharesMemory !== false) {
      const [name, id, own] = data as SharedRecord;
      return objectOf([name, id, this.decode(own)]);
    }
    if (tag === REMOTE && this.#importer !== undefined) return this.#importer.import(data);
    if (tag === FUNCTION && this.#importer !== undefined) {
      return this.#importer.revive(data as FunctionRecord);
    }
    if (tag === REFERENCE && this.#importer?.refer !== undefined) return this.#importer.refer(data);
    const handler = HANDLERS.find((handler) => handler.tag === tag);
    if (handler === undefined) {
      throw new TypeError(`Cannot decode a value: nothing is known of tag ${String(tag)}`);
    }
    return handler.decode(data);
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
