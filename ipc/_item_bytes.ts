/**
 * What is put into queues and pipes, as bytes and back.
 *
 * The first byte says which it is: a primitive, which is written in a fraction of the time; a value as it is;
 * or one that has been through the codec, with the numbers of its shared objects.
 */

import { ByteSink } from "./_byte_sink.ts";
import { ByteSource } from "./_byte_source.ts";
import { fromBytes, toBytes } from "./_bytes.ts";
import { readPrimitive, writePrimitive } from "./_bytes_primitives.ts";
import { decode, encode, needsEncoding } from "./_codec.ts";
import type { Message } from "./_frame.ts";
import { fetchObjects, ItemExporter, itemImporter, objectsTaken } from "./_item_carrier.ts";

const PRIMITIVE = 0;
const PLAIN = 1;
const ENCODED = 2;

/**
 * A value as bytes, as it is now.
 *
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 */
export function itemToBytes(value: unknown): Message {
  if (isPrimitive(value)) {
    const sink = new ByteSink();
    sink.byte(PRIMITIVE);
    writePrimitive(sink, value);
    return [sink.end()];
  }
  const isSpecial = needsEncoding(value);
  const transfer: Transferable[] = [];
  const wire = isSpecial ? special(value, transfer) : value;
  const [first, ...rest] = toBytes(wire, transfer);
  const tagged = new Uint8Array(first!.length + 1);
  tagged[0] = isSpecial ? ENCODED : PLAIN;
  tagged.set(first!, 1);
  return [tagged, ...rest];
}

/** The numbers of the shared objects in a value, and the value encoded. */
function special(value: unknown, transfer: Transferable[]): [ids: number[], wire: unknown] {
  const exporter = new ItemExporter();
  const wire = encode(value, transfer, exporter);
  return [exporter.ids, wire];
}

function isPrimitive(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== "object" && type !== "function" && type !== "symbol");
}

/** The value of {@linkcode itemToBytes}; a promise where it has shared objects that are unknown here. */
export function itemFromBytes(message: Message): unknown {
  const [first, ...rest] = message;
  const bytes = first!.subarray(1);
  if (first![0] === PRIMITIVE) {
    const source = new ByteSource(bytes);
    const value = readPrimitive(source, source.byte());
    source.end();
    return value;
  }
  const value = fromBytes([bytes, ...rest]);
  if (first![0] === PLAIN) return value;
  const [ids, wire] = value as [number[], unknown];
  const finish = (_objects: readonly object[]) => {
    const item = decode(wire, itemImporter);
    objectsTaken(ids);
    return item;
  };
  const objects = fetchObjects(ids);
  return objects instanceof Promise ? objects.then(finish) : finish(objects);
}
