/**
 * What is put into queues and pipes, as bytes and back.
 *
 * The first byte says which it is: a primitive, which is written in a fraction of the time; a value as it is;
 * or one that has been through the codec, with the numbers of its shared objects.
 */

import { ByteSink } from "./_byte_sink.ts";
import { ByteSource } from "./_byte_source.ts";
import { borrowBytes, fromBytes } from "./_bytes.ts";
import { readPrimitive, writePrimitive } from "./_bytes_primitives.ts";
import { decode, encode, needsEncoding } from "./_codec.ts";
import type { Message } from "./_frame.ts";
import {
  fetchObjects,
  ItemExporter,
  itemImporter,
  lodgeObjects,
  objectsTaken,
} from "./_item_carrier.ts";
import { Slip } from "./_slip.ts";

const PRIMITIVE = 0;
const PLAIN = 1;
const ENCODED = 2;

/** The shared objects of messages that are to be put. */
const brought = new WeakMap<Message, ReadonlyMap<number, object>>();

/** Primitives on their way out, and what comes in: nothing of the user's runs while they are in use. */
const outgoing = new Slip();
const incoming = new Slip();
const sink = new ByteSink(outgoing.bytes);
const source = new ByteSource(incoming.bytes);

/**
 * A value as bytes, as it is now, and only now: large buffers are still the value's own, and the slip is the next
 * value's as well. What is to last is {@linkcode kept}.
 *
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 */
export function itemToBytes(value: unknown): Message | Slip {
  if (isPrimitive(value)) return primitiveToBytes(value);
  return needsEncoding(value) ? specialToBytes(value) : borrowBytes(value, PLAIN);
}

/** The numbers of the shared objects in a value, and the value encoded. */
function specialToBytes(value: unknown): Message {
  const exporter = new ItemExporter();
  // What is marked for transfer is copied as all is: who can't put it is to have it still.
  const wire = encode(value, [], exporter);
  const { objects } = exporter;
  const message = borrowBytes([[...objects.keys()], wire], ENCODED);
  if (objects.size > 0) brought.set(message, objects);
  return message;
}

/** An item has been put: its shared objects can be asked for. */
export function itemWasPut(message: Message | Slip): void {
  const objects = message instanceof Slip ? undefined : brought.get(message);
  if (objects !== undefined) lodgeObjects(objects);
}

function isPrimitive(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== "object" && type !== "function" && type !== "symbol");
}

function primitiveToBytes(value: unknown): Message | Slip {
  sink.rewind(outgoing.bytes);
  sink.byte(PRIMITIVE);
  writePrimitive(sink, value);
  const length = sink.writtenInto(outgoing.bytes);
  if (length === undefined) return [sink.end()];
  outgoing.length = length;
  return outgoing;
}

/** The same message in memory of its own. */
export function kept(message: Message | Slip): Message {
  if (message instanceof Slip) return [message.copy()];
  const [first, ...large] = message;
  return [first!, ...large.map((part) => part.slice())];
}

/** Where short messages are to go that {@linkcode itemFromBytes} is to read at once. */
export function incomingSlip(): Slip {
  return incoming;
}

/** The value of {@linkcode itemToBytes}; a promise where it has shared objects that are unknown here. */
export function itemFromBytes(message: Message | Slip): unknown {
  if (!(message instanceof Slip)) return valueOf(message);
  if (message.bytes[0] !== PRIMITIVE) return valueOf([message.copy()]);
  source.rewind();
  source.byte();
  return readPrimitive(source, source.byte());
}

function valueOf([first, ...large]: Message): unknown {
  const bytes = first!.subarray(1);
  if (first![0] === PRIMITIVE) {
    const source = new ByteSource(bytes);
    const value = readPrimitive(source, source.byte());
    source.end();
    return value;
  }
  const value = fromBytes([bytes, ...large]);
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
