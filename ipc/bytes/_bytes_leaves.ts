/**
 * Objects of builtin classes that hold no other object, as bytes and back: dates, regular expressions,
 * boxed primitives, DOMExceptions.
 */

import type { ByteSink } from "./_byte_sink.ts";
import type { ByteSource } from "./_byte_source.ts";
import { getter } from "./_bytes_kinds.ts";
import { isPrimitive, readPrimitive, writePrimitive } from "./_bytes_primitives.ts";
import { Tag } from "./_bytes_tags.ts";

const regexpSource = getter(RegExp.prototype, "source");
const regexpFlags = getter(RegExp.prototype, "flags");

/** @param kind The class that `value` is known to be of; that of a boxed primitive where it is no other. */
export function writeLeaf(sink: ByteSink, value: object, kind: string): void {
  switch (kind) {
    case "Date":
      sink.byte(Tag.date);
      return sink.float64(Date.prototype.getTime.call(value));
    case "RegExp":
      sink.byte(Tag.regexp);
      sink.text(String(Reflect.apply(regexpSource, value, [])));
      return sink.text(String(Reflect.apply(regexpFlags, value, [])));
    case "DOMException": {
      const { name, message, stack } = value as DOMException;
      sink.byte(Tag.domException);
      return [name, message, stack].forEach((text) => sink.text(String(text)));
    }
    default:
      sink.byte(Tag.boxed);
      return writePrimitive(sink, unboxed(value, kind));
  }
}

function unboxed(value: object, kind: string): unknown {
  if (kind === "Number") return Number.prototype.valueOf.call(value);
  if (kind === "String") return String.prototype.valueOf.call(value);
  if (kind === "Boolean") return Boolean.prototype.valueOf.call(value);
  return Reflect.apply(BigInt.prototype.valueOf, value, []);
}

/** The object that has the tag, if it is one of those. */
export function readLeaf(source: ByteSource, tag: number): object | undefined {
  switch (tag) {
    case Tag.date:
      return new Date(source.float64());
    case Tag.regexp:
      return new RegExp(source.text(), source.text());
    case Tag.boxed:
      return readBoxed(source);
    case Tag.domException:
      return readDomException(source);
    default:
      return undefined;
  }
}

function readBoxed(source: ByteSource): object {
  const tag = source.byte();
  const value = isPrimitive(tag) ? readPrimitive(source, tag) : undefined;
  if (value === undefined || value === null) throw source.fault("a boxed value is wanted");
  return Object(value);
}

function readDomException(source: ByteSource): DOMException {
  const [name, message, stack] = [source.text(), source.text(), source.text()];
  const error = new DOMException(message, name);
  Object.defineProperty(error, "stack", { value: stack, writable: true, configurable: true });
  return error;
}
