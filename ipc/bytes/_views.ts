/**
 * What a typed array or DataView is a view of, whatever its class has put before the builtin getters.
 */

import { dataCloneError, getter } from "./_bytes_kinds.ts";
import { VIEW_CLASSES } from "./_bytes_tags.ts";

/** What a view is. */
export interface ViewFacts {
  /** Its class, by its place in {@linkcode VIEW_CLASSES}. */
  readonly kind: number;
  readonly byteOffset: number;
  /** In elements; those of a DataView are bytes. */
  readonly length: number;
  /** Whether it follows the length of its buffer, which can be resized. */
  readonly isTracking: boolean;
}

/** `%TypedArray%.prototype`. */
const TYPED: object = Object.getPrototypeOf(Uint8Array.prototype);

const typedName: (this: never) => unknown = getter(TYPED, Symbol.toStringTag);
const typedBuffer = getter(TYPED, "buffer");
const typedOffset = getter(TYPED, "byteOffset");
const typedLength = getter(TYPED, "length");
const dataBuffer = getter(DataView.prototype, "buffer");
const dataOffset = getter(DataView.prototype, "byteOffset");
const dataLength = getter(DataView.prototype, "byteLength");

const KINDS: ReadonlyMap<unknown, number> = new Map(
  VIEW_CLASSES.map((constructor, kind) => [constructor.name, kind]),
);

/** The bytes of an element, by class. */
const ELEMENT_SIZES: readonly number[] = VIEW_CLASSES.map((constructor) =>
  Reflect.get(constructor, "BYTES_PER_ELEMENT") as number | undefined ?? 1
);

/** The size of an element of the class at `kind`. */
export function elementSize(kind: number): number {
  return ELEMENT_SIZES[kind]!;
}

/** The buffer of a view, shared or not. */
export function bufferOf(view: ArrayBufferView): ArrayBufferLike {
  const isTyped = Reflect.apply(typedName, view, []) !== undefined;
  return Reflect.apply(isTyped ? typedBuffer : dataBuffer, view, []) as ArrayBufferLike;
}

/** The facts of a view of a buffer that is neither shared nor detached. */
export function factsOf(view: ArrayBufferView, buffer: ArrayBuffer): ViewFacts {
  const name = Reflect.apply(typedName, view, []);
  const kind = name === undefined ? 0 : KINDS.get(name)!;
  const [offset, length] = kind === 0 ? [dataOffset, dataLength] : [typedOffset, typedLength];
  const facts = () => ({
    byteOffset: Reflect.apply(offset, view, []) as number,
    length: Reflect.apply(length, view, []) as number,
  });
  try {
    // Refuses a view that its buffer has shrunk away from, as the getters of a DataView do.
    if (kind !== 0) Uint8Array.prototype.keys.call(view as Uint8Array);
    const { byteOffset, length } = facts();
    const isTracking = buffer.resizable &&
      isFollowing(buffer, byteOffset + length * elementSize(kind), elementSize(kind), () => {
        return facts().length > length;
      });
    return { kind, byteOffset, length, isTracking };
  } catch {
    throw dataCloneError("A view whose buffer has become too short for it could not be cloned.");
  }
}

/**
 * Whether a view that ends at `end` gets longer with its buffer, for a moment. One of a buffer that
 * has no room can't be asked; that it follows is the rule then.
 */
function isFollowing(
  buffer: ArrayBuffer,
  end: number,
  size: number,
  isLonger: () => boolean,
): boolean {
  const length = buffer.byteLength;
  if (length - end >= size) return false;
  if (buffer.maxByteLength - length < size) return true;
  buffer.resize(length + size);
  try {
    return isLonger();
  } finally {
    buffer.resize(length);
  }
}
