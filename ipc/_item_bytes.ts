/**
 * What is put into queues and pipes, as bytes and back.
 *
 * The first byte says which it is: a primitive, which is written in a fraction of the time; a value as it is;
 * one that has been through the codec; or the same with shared objects, whose numbers are the last part.
 */

import { knownObject } from "../sync/_shareable.ts";
import { ByteSink } from "./_byte_sink.ts";
import { ByteSource } from "./_byte_source.ts";
import { borrowBytes, fromBytes } from "./_bytes.ts";
import { readPrimitive, writePrimitive } from "./_bytes_primitives.ts";
import { decode, encode, type Exporter, needsEncoding } from "./_codec.ts";
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
/** The same with shared objects. */
const SHARING = 3;

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

/** A value that the codec has to see. */
function specialToBytes(value: unknown): Message {
  const exporter = new ItemExporter();
  // What is marked for transfer is copied as all is: who can't put it is to have it still.
  const wire = encode(value, [], exporter);
  const { objects } = exporter;
  if (objects.size === 0) return borrowBytes(wire, ENCODED);
  const numbers = new Int32Array([...objects.keys()]);
  const message = [...borrowBytes(wire, SHARING), new Uint8Array(numbers.buffer)];
  brought.set(message, objects);
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

/**
 * A value as bytes that are the same to another process, as it is now; the slip is the next value's as well.
 *
 * @returns `undefined` for one that has shared objects, or large buffers.
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 */
export function itemAsBytes(value: unknown): Uint8Array | Slip | undefined {
  let message: Message | Slip;
  if (isPrimitive(value)) message = primitiveToBytes(value);
  else if (!needsEncoding(value)) message = borrowBytes(value, PLAIN);
  else {
    const exporter = new Finder();
    const wire = encode(value, [], exporter);
    if (exporter.hasFound) return undefined;
    message = borrowBytes(wire, ENCODED);
  }
  if (message instanceof Slip) return message;
  return message.length === 1 ? message[0] : undefined;
}

/** Finds out whether there are shared objects. */
class Finder implements Exporter {
  hasFound = false;
  readonly refersToFunctions = true;

  export(): null {
    this.hasFound = true;
    return null;
  }
}

/** Whether a message that begins with the byte is the same to another process. */
export function mayTravelAsBytes(first: number): boolean {
  return first < SHARING;
}

/** The value of a message of which that is so. */
export function itemInWords(words: Int32Array<ArrayBuffer>, at: number, length: number): unknown {
  if (length > incoming.bytes.length) {
    return itemFromBytes([new Uint8Array(words.buffer, at * 4, length)]);
  }
  for (let i = 0; i * 4 < length; i++) incoming.words[i] = words[at + i]!;
  incoming.length = length;
  return itemFromBytes(incoming);
}

/** The value of {@linkcode itemToBytes}; a promise where it has shared objects that are unknown here. */
export function itemFromBytes(message: Message | Slip): unknown {
  if (!(message instanceof Slip)) return valueOf(message);
  if (message.bytes[0] !== PRIMITIVE) return valueOf([message.copy()]);
  source.rewind();
  source.byte();
  return readPrimitive(source, source.byte());
}

/** Whether the value of a message can be had without a promise. */
export function isAtHand(message: Message | Slip): boolean {
  if (message instanceof Slip || message[0]![0] !== SHARING) return true;
  return numbersIn(message).every((id) => knownObject(id) !== undefined);
}

/** The numbers of a message's shared objects. */
function numbersIn(message: Message): number[] {
  const { buffer, byteOffset, length } = message.at(-1)!;
  return Array.from(new Int32Array(buffer, byteOffset, length / Int32Array.BYTES_PER_ELEMENT));
}

function valueOf(message: Message): unknown {
  const [first, ...large] = message;
  const bytes = first!.subarray(1);
  switch (first![0]) {
    case PRIMITIVE:
      return primitiveFromBytes(bytes);
    case PLAIN:
      return fromBytes([bytes, ...large]);
    case ENCODED:
      return decode(fromBytes([bytes, ...large]), itemImporter);
    default: {
      const ids = numbersIn(message);
      const wire = fromBytes([bytes, ...large.slice(0, -1)]);
      const finish = (_objects: readonly object[]) => {
        const item = decode(wire, itemImporter);
        objectsTaken(ids);
        return item;
      };
      const objects = fetchObjects(ids);
      return objects instanceof Promise ? objects.then(finish) : finish(objects);
    }
  }
}

function primitiveFromBytes(bytes: Uint8Array): unknown {
  const source = new ByteSource(bytes);
  const value = readPrimitive(source, source.byte());
  source.end();
  return value;
}
