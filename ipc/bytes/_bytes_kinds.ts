/**
 * What an object is for structured clone, and why some objects can't be sent.
 *
 * An object is of the builtin class whose prototype it inherits from, if it also has what makes an
 * object of that class: `Object.create(Map.prototype)` has not. No code of the object's runs to find
 * out, but for the traps of a proxy. Nothing tells a proxy from what it stands for, so it is taken for
 * that, where structured clone refuses it.
 */

/** The classes that have no `Symbol.toStringTag` to tell them by. */
const BY_PROTOTYPE: ReadonlyMap<object, string> = new Map<object, string>([
  [Date.prototype, "Date"],
  [RegExp.prototype, "RegExp"],
  [Error.prototype, "Error"],
  [Number.prototype, "Number"],
  [String.prototype, "String"],
  [Boolean.prototype, "Boolean"],
]);

/** The other classes that structured clone keeps. */
const KEPT: ReadonlySet<string> = new Set(["Map", "Set", "ArrayBuffer", "BigInt", "DOMException"]);

/** The longest chain of prototypes that is looked at: a proxy can make up an endless one. */
const MAX_LINEAGE = 64;

/** What no structured clone takes. By name, since to touch some globals makes Deno load them. */
const UNCLONABLE =
  /^(Promise|Weak(Map|Set|Ref)|FinalizationRegistry|(Async)?Generator|((RegExp |Segmenter )?String|Array|Map|Set) Iterator|Iterator Helper|Symbol|Module|Arguments|(Async)?DisposableStack|(Intl|Temporal|WebAssembly)\..*)$/;

/** What can't leave the process, and what to do about it. */
const LOCAL: Readonly<Record<string, string>> = {
  "SharedArrayBuffer":
    "memory is shared within a process only: send a copy of what it holds, such as view.slice()",
  "WebAssembly.Module": "send the bytes that it was compiled from, and compile them there",
  "CryptoKey": "export it with crypto.subtle.exportKey(), and import it there",
  "Blob": "its data is read asynchronously: send what its bytes() resolves to",
  "File": "its data is read asynchronously: send its name, and what its bytes() resolves to",
  "MessagePort": "a port can't leave the process: send values instead",
  "ReadableStream": "a stream can't leave the process: send what was read from it",
  "WritableStream":
    "a stream can't leave the process: send what is to be written, and write it here",
  "TransformStream": "a stream can't leave the process: send what is to be transformed",
  "ImageBitmap": "a bitmap can't leave the process: send the bytes of the image",
};

/** Throws for what has not what makes an object of the class; runs no code of the object. */
const BRANDS: Readonly<Record<string, (value: object) => unknown>> = {
  Date: calling(Date.prototype.getTime),
  RegExp: calling(getter(RegExp.prototype, "source")),
  Number: calling(Number.prototype.valueOf),
  String: calling(String.prototype.valueOf),
  Boolean: calling(Boolean.prototype.valueOf),
  BigInt: calling(BigInt.prototype.valueOf),
  Symbol: calling(Symbol.prototype.valueOf),
  Map: calling(getter(Map.prototype, "size")),
  Set: calling(getter(Set.prototype, "size")),
  WeakMap: (value) => WeakMap.prototype.has.call(value as WeakMap<object, unknown>, value),
  WeakSet: (value) => WeakSet.prototype.has.call(value as WeakSet<object>, value),
  ArrayBuffer: calling(getter(ArrayBuffer.prototype, "detached")),
  SharedArrayBuffer: calling(getter(SharedArrayBuffer.prototype, "byteLength")),
  Error: assertError,
  DOMException: assertError,
};

function assertError(value: object): void {
  if (!Error.isError(value)) throw new TypeError("An error is wanted");
}

/** A method or getter that is no longer the user's to replace. */
function calling(method: (this: never) => unknown): (value: object) => unknown {
  return (value) => Reflect.apply(method, value, []);
}

/** The getter of an accessor. */
export function getter(prototype: object, key: PropertyKey): (this: never) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, key)!.get!;
}

/** The classes that prototypes make their objects look like. */
const looks = new WeakMap<object, string>();

/**
 * The name of the class of builtin that `value` is one of; `"Object"` of plain objects, and of
 * instances of any class that structured clone knows nothing of. Not for arrays and views.
 */
export function kindOf(value: object): string {
  const prototype: object | null = Object.getPrototypeOf(value);
  const isBare = prototype === null || prototype === Object.prototype;
  let look = isBare ? builtinTag(value) : looks.get(prototype);
  if (look === undefined) looks.set(prototype!, look = lookOf(prototype!, value));
  if (look === "Object") return look;
  try {
    BRANDS[look]?.(value);
    return look;
  } catch {
    return "Object";
  }
}

function lookOf(prototype: object, value: object): string {
  let object: object | null = prototype;
  for (let steps = 0; object !== null && object !== Object.prototype; steps++) {
    if (steps > MAX_LINEAGE) return "Object";
    const name = BY_PROTOTYPE.get(object) ??
      Object.getOwnPropertyDescriptor(object, Symbol.toStringTag)?.value;
    if (isKind(name)) return name;
    object = Object.getPrototypeOf(object);
  }
  // An object of another realm (`node:vm`) has prototypes that are none of this one's.
  return object === null ? builtinTag(value) : "Object";
}

function isKind(name: unknown): name is string {
  if (typeof name !== "string") return false;
  return KEPT.has(name) || Object.hasOwn(BRANDS, name) || Object.hasOwn(LOCAL, name) ||
    UNCLONABLE.test(name);
}

function builtinTag(value: object): string {
  const own = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag);
  // The user's, which means nothing; but for a module namespace, the one builtin that has its own.
  if (own !== undefined) return own.value === "Module" && !own.configurable ? "Module" : "Object";
  const tag = Object.prototype.toString.call(value).slice("[object ".length, -1);
  return isKind(tag) ? tag : "Object";
}

/** Throws, if structured clone refuses objects of that kind, or they can't leave the process. */
export function refuseKind(kind: string): void {
  const remedy = Object.hasOwn(LOCAL, kind) ? LOCAL[kind] : undefined;
  if (remedy !== undefined) {
    throw dataCloneError(
      `${
        /^[AEIOU]/.test(kind) ? "An" : "A"
      } ${kind} could not be sent to another process: ${remedy}`,
    );
  }
  if (UNCLONABLE.test(kind)) throw dataCloneError(`#<${kind}> could not be cloned.`);
}

/** Refuses a function or symbol in V8's words. */
export function refusePrimitive(value: unknown): never {
  const text = typeof value === "function"
    ? Function.prototype.toString.call(value)
    : String(value);
  throw dataCloneError(`${text} could not be cloned.`);
}

/** The error that structured clone throws; it is worded as V8's are, since what was sent is said before. */
export function dataCloneError(message: string): DOMException {
  return new DOMException(message, "DataCloneError");
}
