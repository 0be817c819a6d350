/**
 * The classes of errors that every realm knows, by keys that every realm gives to them.
 */

import {
  BrokenBarrierError,
  CancelledError,
  RuntimeError,
  TimeoutError,
  ValueError,
} from "../../sync/errors.ts";
import {
  AuthenticationError,
  BufferTooShort,
  EOFError,
  KeyError,
  OSError,
  ProcessError,
  RemoteError,
} from "../errors.ts";
import { type ErrorConstructorLike, isErrorClass } from "./_thrown_values.ts";

/** The class of each key. */
export const classOfKey = new Map<string, ErrorConstructorLike>();
/** The key of each class's prototype. */
export const keyOfPrototype = new Map<object, string>();

function addClass(key: string, constructor: ErrorConstructorLike): void {
  classOfKey.set(key, constructor);
  keyOfPrototype.set(constructor.prototype, key);
}

/** Adds those of `names` that exist in `namespace` and are classes of errors. */
function addClasses(prefix: string, namespace: object, names: string[]): void {
  for (const name of names) {
    const value: unknown = Reflect.get(namespace, name);
    if (isErrorClass(value)) addClass(prefix + name, value);
  }
}

/**
 * Lets errors of one of Herd's own classes keep their class. Each layer registers its own when it is
 * imported; a realm that has not imported it decodes them as an `Error` of the same name.
 */
export function registerErrorClass(name: string, constructor: ErrorConstructorLike): void {
  addClass(`Herd.${name}`, constructor);
}

registerErrorClass("RuntimeError", RuntimeError);
registerErrorClass("ValueError", ValueError);
registerErrorClass("CancelledError", CancelledError);
registerErrorClass("TimeoutError", TimeoutError);
registerErrorClass("BrokenBarrierError", BrokenBarrierError);
registerErrorClass("OSError", OSError);
registerErrorClass("EOFError", EOFError);
registerErrorClass("ProcessError", ProcessError);
registerErrorClass("BufferTooShort", BufferTooShort);
registerErrorClass("AuthenticationError", AuthenticationError);
registerErrorClass("KeyError", KeyError);
registerErrorClass("RemoteError", RemoteError);

const BUILT_IN = [
  "Error",
  "TypeError",
  "RangeError",
  "SyntaxError",
  "ReferenceError",
  "EvalError",
  "URIError",
  "AggregateError",
  "SuppressedError",
  "DOMException",
  "QuotaExceededError",
];

let builtInsAdded = false;

/** Collected at the first error: most programs have none, and looking at the classes takes a while. */
export function addBuiltIns(): void {
  if (builtInsAdded) return;
  builtInsAdded = true;
  addClasses("", globalThis, BUILT_IN);
  addClasses("Deno.errors.", Deno.errors, Object.getOwnPropertyNames(Deno.errors));
  addClasses("WebAssembly.", WebAssembly, Object.getOwnPropertyNames(WebAssembly));
}
