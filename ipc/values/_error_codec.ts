/**
 * Carries what was thrown from one realm to another.
 *
 * Structured clone keeps an error's message, stack and cause, but loses its class, its own
 * properties and the list of an `AggregateError`. So an error is taken apart into plain data before
 * it is posted, and built again on the other side.
 *
 * Guarantees:
 *
 * - Neither direction throws, whatever was thrown: getters that throw, proxies, primitives.
 * - No constructor of a class that is not built in runs: the error is made by `Error` (or
 *   `DOMException`) with the class as `new.target`. Private fields therefore do not come back.
 * - The class comes back when both realms know it (the table below), or when the task's module
 *   exports it and the receiver has loaded that module. Any other class becomes its nearest known
 *   ancestor, mostly `Error`, under the name of the lost class unless the error named itself.
 * - Errors that are met twice, and cycles, come back as one object each; every decoding makes new
 *   ones.
 *
 * | word | meaning |
 * | --- | --- |
 * | record | one error, taken apart; an encoded error is a flat list of them, the outermost first |
 * | slot | one value of a record: a primitive as it is, or a tagged object |
 * | known class | one in the table, under a key that every realm gives to it |
 *
 * What a slot makes of a value: an error becomes the index of its record, also as a direct element
 * of an array or a plain object. Anything else that can be cloned is cloned, at once, so that no
 * getter can run, or fail, when the message is posted. Of an array or a plain object that cannot be
 * cloned as a whole each element is tried alone, and each reference to it is built apart. What is
 * left over is described in a string.
 * Functions as own properties are left out: a string in place of `toString` would be worse than
 * none.
 *
 * The list of records is flat and filled breadth first, so a chain of causes of any length needs no
 * call stack here or in structured clone. It ends at {@linkcode MAX_DEPTH} and
 * {@linkcode MAX_RECORDS}: an error beyond is described.
 *
 * @module
 */

import { addBuiltIns, classOfKey, keyOfPrototype } from "./_known_errors.ts";
import {
  attempt,
  className,
  describe,
  type ErrorConstructorLike,
  isError,
  isErrorClass,
  isPrimitive,
  lineage,
  type Primitive,
  readString,
} from "./_thrown_values.ts";

/** How many errors deep causes and lists are followed; an error that is deeper is described. */
const MAX_DEPTH = 64;

/**
 * How many errors one thrown value may bring along, and the longest array that is searched for them.
 * Larger, a getter that invents errors costs more time; smaller, long `AggregateError`s are cut.
 */
const MAX_RECORDS = 65_536;

/** Own properties that travel although they are not enumerable, as errors define them so. */
const HIDDEN = new Set(["name", "message", "cause", "errors", "error", "suppressed"]);

/** One value of a record; see the head of the file. */
export type WireSlot =
  | Primitive
  | { kind: "ref"; index: number }
  | { kind: "copy"; value: unknown }
  | { kind: "list"; items: WireSlot[] }
  | { kind: "entries"; items: [key: string, slot: WireSlot][] };

/** One error, taken apart. */
export interface WireRecord {
  /** Key of the nearest known class. */
  base: string;
  /** The error's own class, where it is not a known one. */
  derived?: {
    name: string;
    /** The module and the name under which it, or its nearest exported ancestor, is exported. */
    export?: { module: string; name: string };
  };
  /** What `error.name` gave, when it is not an own property. */
  name?: string;
  /** What `error.message` gave, when it is not an own property. */
  message?: string;
  /** The stack's text as the sender had it, with its first lines. */
  stack?: string;
  /** The two numbers of a `QuotaExceededError`. */
  quota?: { quota?: number; requested?: number };
  /** Own properties, in their order. */
  fields: [key: string, slot: WireSlot, enumerable: boolean][];
}

/** What crosses: plain data only. */
export type WireError =
  | { kind: "value"; value: unknown }
  | { kind: "error"; records: WireRecord[] };

/** The module of the task whose error is encoded. */
export interface TaskModule {
  /** By which both realms know it. */
  url: string;
  /** Its namespace object. */
  exports: Record<string, unknown>;
}

/** Options of {@linkcode encodeError}. */
export interface EncodeErrorOptions {
  /** Classes that it exports are tagged, so that the receiver may find them. */
  module?: TaskModule | undefined;
}

/** Options of {@linkcode decodeError}. */
export interface DecodeErrorOptions {
  /** Gives the class that a module exports, if the receiver has loaded that module. */
  classes?: ((module: string, name: string) => ErrorConstructorLike | undefined) | undefined;
  /** A stack whose frames go below those of the outermost error; its first lines are ignored. */
  caller?: string | undefined;
}

/** One encoding under way. */
interface Walk {
  module: TaskModule | undefined;
  /** The errors met so far; an error's place here is its record's index. */
  errors: { error: object; depth: number }[];
  indexOf: Map<object, number>;
  /** Slots of the other objects met so far, so that two references to one stay so. */
  slotOf: Map<object, WireSlot>;
}

/** Takes apart what was thrown; see the head of the file. Never throws. */
export function encodeError(thrown: unknown, options: EncodeErrorOptions = {}): WireError {
  addBuiltIns();
  const wire = attempt(() => {
    if (isError(thrown)) return encodeGraph(thrown, options.module);
    if (isPrimitive(thrown)) return { kind: "value" as const, value: thrown };
    return { kind: "value" as const, value: structuredClone(thrown) };
  });
  if (wire !== undefined) return wire;
  const text = attempt(() => describe(thrown)) ?? "a value that cannot be read";
  const message = `Cannot clone what was thrown: ${text}`;
  return { kind: "error", records: [{ base: "Error", fields: [["message", message, false]] }] };
}

function encodeGraph(error: object, module: TaskModule | undefined): WireError {
  const walk: Walk = { module, errors: [], indexOf: new Map(), slotOf: new Map() };
  encodeReference(walk, error, 0);
  const records: WireRecord[] = [];
  // The list grows while it is read: `encodeRecord` adds the errors that it meets.
  for (const entry of walk.errors) records.push(encodeRecord(walk, entry.error, entry.depth));
  return { kind: "error", records };
}

function encodeRecord(walk: Walk, error: object, depth: number): WireRecord {
  const record: WireRecord = {
    ...classify(error, walk.module),
    fields: encodeFields(walk, error, depth),
  };
  const has = (key: string) => record.fields.some((field) => field[0] === key);
  const name = has("name") ? undefined : readString(error, "name");
  if (name !== undefined) record.name = name;
  const message = has("message") ? undefined : readString(error, "message");
  if (message) record.message = message;
  const stack = readString(error, "stack");
  if (stack !== undefined) record.stack = stack;
  if (record.base === "QuotaExceededError") record.quota = readQuota(error);
  return record;
}

function classify(
  error: object,
  module: TaskModule | undefined,
): Pick<WireRecord, "base" | "derived"> {
  const prototypes = lineage(error);
  const known = prototypes.findIndex((prototype) => keyOfPrototype.has(prototype));
  const base = known < 0 ? undefined : keyOfPrototype.get(prototypes[known]!);
  if (base !== undefined && known === 0) return { base };
  const name = className(prototypes[0]);
  const derived: WireRecord["derived"] = { name };
  if (module !== undefined) {
    const exported = findExport(module, known < 0 ? prototypes : prototypes.slice(0, known));
    if (exported !== undefined) derived.export = { module: module.url, name: exported };
  }
  // An error of another realm, such as a `node:vm` context, has none of our prototypes: go by name.
  return { base: base ?? (classOfKey.has(name) ? name : "Error"), derived };
}

/** The name under which `module` exports the first of `prototypes` whose class it exports. */
function findExport(module: TaskModule, prototypes: object[]): string | undefined {
  for (const prototype of prototypes) {
    for (const name of Object.keys(module.exports)) {
      const value: unknown = attempt(() => module.exports[name]);
      if (typeof value === "function" && attempt(() => value.prototype) === prototype) return name;
    }
  }
  return undefined;
}

function readQuota(error: object): { quota?: number; requested?: number } {
  const result: { quota?: number; requested?: number } = {};
  for (const key of ["quota", "requested"] as const) {
    const value: unknown = attempt(() => Reflect.get(error, key));
    if (typeof value === "number") result[key] = value;
  }
  return result;
}

function encodeFields(walk: Walk, error: object, depth: number): WireRecord["fields"] {
  const fields: WireRecord["fields"] = [];
  for (const key of attempt(() => Reflect.ownKeys(error)) ?? []) {
    if (typeof key !== "string" || key === "stack") continue;
    attempt(() => {
      const property = Object.getOwnPropertyDescriptor(error, key);
      const expected = HIDDEN.has(key);
      if (property === undefined || !(property.enumerable || expected)) return;
      const value: unknown = "value" in property ? property.value : Reflect.get(error, key);
      if (typeof value === "function" && !expected) return;
      fields.push([key, encodeSlot(walk, value, depth, true), property.enumerable === true]);
    });
  }
  return fields;
}

/** `inside`: whether errors are also looked for among the value's elements. */
function encodeSlot(walk: Walk, value: unknown, depth: number, inside: boolean): WireSlot {
  if (isPrimitive(value)) return value;
  if (typeof value !== "object") return describe(value);
  if (isError(value)) return encodeReference(walk, value, depth + 1);
  const met = walk.slotOf.get(value);
  if (met !== undefined) return met;
  const slot = encodeObject(walk, value, depth, inside);
  walk.slotOf.set(value, slot);
  return slot;
}

function encodeReference(walk: Walk, error: object, depth: number): WireSlot {
  let index = walk.indexOf.get(error);
  if (index === undefined) {
    if (depth > MAX_DEPTH || walk.errors.length >= MAX_RECORDS) return describe(error);
    index = walk.errors.push({ error, depth }) - 1;
    walk.indexOf.set(error, index);
  }
  return { kind: "ref", index };
}

function encodeObject(walk: Walk, value: object, depth: number, inside: boolean): WireSlot {
  const parts = inside ? attempt(() => takeApart(value)) : undefined;
  if (!parts?.some(([, part]) => isError(part))) {
    const copy = attempt((): WireSlot => ({ kind: "copy", value: structuredClone(value) }));
    if (copy !== undefined) return copy;
  }
  if (parts === undefined) return describe(value);
  const slot = (part: unknown) => encodeSlot(walk, part, depth, false);
  return Array.isArray(value)
    ? { kind: "list", items: parts.map(([, part]) => slot(part)) }
    : { kind: "entries", items: parts.map(([key, part]) => [key, slot(part)]) };
}

/** The elements of an array or a plain object; nothing for any other. */
function takeApart(value: object): [key: string, part: unknown][] | undefined {
  if (Array.isArray(value)) {
    const length = value.length;
    if (length > MAX_RECORDS) return undefined;
    return Array.from({ length }, (_, index) => ["", value[index]]);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}

/** Builds again what {@linkcode encodeError} took apart. Never throws. */
export function decodeError(wire: WireError, options: DecodeErrorOptions = {}): unknown {
  addBuiltIns();
  try {
    if (wire.kind === "value") return wire.value;
    checkLength(wire.records);
    const classes = wire.records.map((record) => classFor(record, options.classes));
    const errors = wire.records.map((record, index) => build(record, classes[index]!.constructor));
    wire.records.forEach((record, index) => {
      restore(errors[index]!, record, classes[index]!.name, errors);
    });
    if (options.caller !== undefined) appendFrames(errors[0]!, options.caller);
    return errors[0];
  } catch (cause) {
    return new Error("Cannot decode what was thrown: the data is not an encoded error", { cause });
  }
}

/** Throws when an array is longer than any that is made here: it may take a few bytes, being holes. */
function checkLength(items: readonly unknown[]): void {
  if (items.length > MAX_RECORDS) throw new RangeError(`At most ${MAX_RECORDS} are wanted`);
}

/** The class to build, and the name that its errors are to have. */
function classFor(
  record: WireRecord,
  classes: DecodeErrorOptions["classes"],
): { constructor: ErrorConstructorLike; name: string | undefined } {
  const { derived, name } = record;
  const exported = derived?.export;
  if (exported !== undefined) {
    const constructor = attempt(() => classes?.(exported.module, exported.name));
    if (isErrorClass(constructor)) return { constructor, name };
  }
  const constructor = classOfKey.get(record.base) ?? Error;
  const inherited = name === undefined || name === readString(constructor.prototype, "name");
  return { constructor, name: inherited && derived?.name ? derived.name : name };
}

/** Makes a real error of the class without running the class's constructor. */
function build(record: WireRecord, constructor: ErrorConstructorLike): Error {
  return attempt(() => construct(record, constructor)) ?? new Error();
}

function construct(record: WireRecord, constructor: ErrorConstructorLike): Error {
  const prototypes = [constructor.prototype, ...lineage(constructor.prototype)];
  if (!prototypes.includes(DOMException.prototype)) {
    return Reflect.construct(Error, [], constructor);
  }
  const quota = classOfKey.get("QuotaExceededError");
  return quota !== undefined && prototypes.includes(quota.prototype)
    ? Reflect.construct(quota, [record.message ?? "", record.quota ?? {}] as never[], constructor)
    : Reflect.construct(DOMException, [record.message ?? "", record.name], constructor);
}

function restore(
  error: Error,
  record: WireRecord,
  name: string | undefined,
  errors: Error[],
): void {
  let ownName = false;
  let ownMessage = false;
  for (const [key, slot, enumerable] of record.fields) {
    define(error, key, decodeSlot(slot, errors), enumerable);
    if (key === "name") ownName = true;
    if (key === "message") ownMessage = true;
  }
  if (!ownName && name !== undefined) ensure(error, "name", name);
  if (!ownMessage && record.message !== undefined) ensure(error, "message", record.message);
  const head = () => `${readString(error, "name")}: ${readString(error, "message") ?? ""}`;
  error.stack = record.stack ?? head();
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

/** Gives `error` a hidden property unless its class yields the same value. */
function ensure(error: Error, key: string, value: string): void {
  if (readString(error, key) !== value) define(error, key, value, false);
}

function decodeSlot(slot: WireSlot, errors: Error[]): unknown {
  if (typeof slot !== "object" || slot === null) return slot;
  switch (slot.kind) {
    case "ref":
      return errors[slot.index];
    case "copy":
      return slot.value;
    case "list":
      checkLength(slot.items);
      return slot.items.map((item) => decodeSlot(item, errors));
    case "entries":
      if (slot.items.includes(undefined as never)) throw new TypeError("Entries are wanted");
      return Object.fromEntries(slot.items.map(([key, item]) => [key, decodeSlot(item, errors)]));
    default:
      return slot satisfies never;
  }
}

/** Continues an error's stack with the frames of another: those of whoever asked for the work. */
export function appendFrames(error: Error, caller: string): void {
  const frames = caller.split("\n").filter((line) => line.startsWith("    at "));
  if (frames.length > 0) error.stack = [error.stack, ...frames].join("\n");
}
