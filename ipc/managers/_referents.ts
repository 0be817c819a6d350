/**
 * What proxies refer to: objects of any class that others use where they are.
 *
 * An object is offered under the name of its type and with the methods that may be called, all others being out
 * of reach. From then on it is never copied: wherever it is sent, a proxy of it arrives, and where a proxy comes
 * back to, the object itself is.
 *
 * | method | is |
 * | --- | --- |
 * | one that is exposed | the object's own, of any name but those that every object has |
 * | {@linkcode VALUE} | a copy of the object, as plain data; exposed as `_getvalue` |
 * | {@linkcode ITERATE} | an iterator of the object, which is offered as well; exposed as `Symbol.iterator` |
 *
 * The last two are exposed where nothing is said of what is, as all public methods are.
 */

import { kindNamed, kindOf, shareAs } from "../../sync/_shareable.ts";
import { RemoteError } from "../errors.ts";

/** The kind of all of them. */
export const PROXY = "proxy";
/** What is called for a copy; no method has such a name. */
export const VALUE = "#value";
/** The same for an iterator. */
export const ITERATE = "#iterate";

/** What is exposed of objects that are told from where each call comes; no method has such a name. */
export const FROM = "#from";

/** An object that is told from where each call comes, and calls the method itself. */
export interface Told {
  /**
   * @param from What the caller says of itself, which may be anything.
   * @param call Calls the method.
   */
  [FROM](from: unknown, method: string, call: () => unknown): unknown;
}

/** How objects of a type are offered. */
export interface Offer {
  readonly typeid: string;
  /** The methods that may be called; default all public ones, a copy and an iterator. */
  readonly exposed?: readonly string[] | undefined;
  /** As what the results of methods are offered, where they are. */
  readonly results?: ReadonlyMap<string, () => Offer> | undefined;
}

/** How an object is offered. */
interface Referent {
  readonly typeid: string;
  readonly exposed: ReadonlySet<string>;
  readonly results: Offer["results"];
}

/** By what names those are exposed that are no methods. */
const SPECIAL: Readonly<Record<string, string>> = {
  _getvalue: VALUE,
  "Symbol.iterator": ITERATE,
};

const referents = new WeakMap<object, Referent>();
/** The public methods of objects that have none of their own, by prototype. */
const publicMethods = new WeakMap<object, readonly string[]>();

/** Names that every object has, or that make a promise of it: no way to them. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  "prototype",
  "then",
]);

/** Whether a method can't be offered under any name that it has. */
export function isReserved(name: string): boolean {
  return RESERVED.has(name);
}

/** Whether a name is no method's, but of what is exposed beside them. */
export function isSpecial(name: string): boolean {
  return name === VALUE || name === ITERATE || name === FROM;
}

/** Offers an object, unless it is shared in another way, or was offered before. */
export function offer<T extends object>(object: T, { typeid, exposed, results }: Offer): T {
  if (referents.has(object) || kindOf(object) !== undefined) return object;
  const names = exposed ?? [...publicMethodsOf(object), ...Object.keys(SPECIAL)];
  const methods = names.map((name) => Object.hasOwn(SPECIAL, name) ? SPECIAL[name]! : name)
    .filter((name) => !RESERVED.has(name) && (name !== ITERATE || isIterable(object)));
  if (isTold(object)) methods.push(FROM);
  referents.set(object, { typeid, exposed: new Set(methods), results });
  shareAs(object, kindNamed(PROXY)!);
  return object;
}

function isTold(object: object): object is Told {
  return typeof Reflect.get(object, FROM) === "function";
}

/** What is known of an object wherever it is used. */
export function factsOf(object: object): readonly unknown[] {
  const { typeid, exposed } = referents.get(object)!;
  return [typeid, [...exposed]];
}

/** Whether an object has a method that may be called. */
export function allows(object: object, method: string): boolean {
  return method !== FROM && referents.get(object)!.exposed.has(method);
}

/** Whether an object is offered, here, and may be asked so. */
export function offers(object: object, method: string): boolean {
  return referents.get(object)?.exposed.has(method) ?? false;
}

/** Calls a method that is allowed. */
export function callReferent(object: object, method: string, args: readonly unknown[]): unknown {
  if (method === VALUE) return copyOf(object);
  if (method === ITERATE) return iteratorOf(object);
  const { typeid, results } = referents.get(object)!;
  const fn: unknown = Reflect.get(object, method);
  if (typeof fn !== "function") {
    throw new RemoteError(`Cannot call ${method}: a ${typeid} has no such method`);
  }
  const value: unknown = isTold(object)
    ? object[FROM](args[0], method, () => Reflect.apply(fn, object, args.slice(1)))
    : Reflect.apply(fn, object, args);
  const offered = results?.get(method);
  if (value instanceof Promise) return value.then((value) => asResult(value, offered));
  return asResult(value, offered);
}

/** What a method returned, as it is to arrive: iterators can't be copied. */
function asResult(value: unknown, offered: (() => Offer) | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (offered !== undefined) return offer(value, offered());
  return isIterator(value) ? offer(value, ITERATOR) : value;
}

const ITERATOR: Offer = { typeid: "Iterator", exposed: ["next", "return", "Symbol.iterator"] };

function iteratorOf(object: object): object {
  const iterable = object as Iterable<unknown> & AsyncIterable<unknown>;
  const iterator = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]();
  return offer(iterator, ITERATOR);
}

function isIterable(object: object): boolean {
  return Symbol.iterator in object || Symbol.asyncIterator in object;
}

function isIterator(object: object): boolean {
  return isIterable(object) && typeof Reflect.get(object, "next") === "function";
}

/** What `_getvalue()` gives: of a container what is in it, of any other its public fields. */
function copyOf(object: object): unknown {
  if (Array.isArray(object)) return [...object];
  if (object instanceof Map) return new Map(object);
  if (object instanceof Set) return new Set(object);
  const copy: unknown = Reflect.get(object, "copy");
  if (allows(object, "copy") && typeof copy === "function") return Reflect.apply(copy, object, []);
  return Object.fromEntries(Object.entries(object).filter(([name]) => !name.startsWith("_")));
}

/** The names of an object's functions that do not begin with an underscore, its classes' included. */
function publicMethodsOf(object: object): readonly string[] {
  const prototype: object | null = Object.getPrototypeOf(object);
  const own = functionsOf(object);
  if (prototype === null) return own;
  let inherited = publicMethods.get(prototype);
  if (inherited === undefined) {
    const names = new Set<string>();
    for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
      if (at === Object.prototype || at === Function.prototype) break;
      for (const name of functionsOf(at)) names.add(name);
    }
    inherited = [...names];
    publicMethods.set(prototype, inherited);
  }
  return own.length === 0 ? inherited : [...new Set([...own, ...inherited])];
}

function functionsOf(object: object): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([name, { value }]) =>
      typeof value === "function" && !name.startsWith("_") && !RESERVED.has(name)
    )
    .map(([name]) => name);
}
