/**
 * What is put into queues and pipes, as bytes and back.
 *
 * The first byte says which it is: a primitive, which is written in a fraction of the time; a value as it is;
 * one that has been through the codec; or the same with shared objects, whose numbers are the last part, and maybe
 * with copies.
 */

import { knownObject } from "../../sync/_shareable.ts";
import { ByteSink } from "../bytes/_byte_sink.ts";
import { ByteSource } from "../bytes/_byte_source.ts";
import { borrowBytes, fromBytes } from "../bytes/_bytes.ts";
import { readPrimitive, writePrimitive } from "../bytes/_bytes_primitives.ts";
import { decode, encode, type Exporter, needsEncoding } from "../values/_codec.ts";
import type { Message } from "../bytes/_frame.ts";
import {
  dropCopies,
  fetchObjects,
  type ItemCopy,
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
/** The same with some that are copied, which are named beside the value. */
const COPYING = 4;

/** The shared objects of messages that are to be put. */
const brought = new WeakMap<Message, ReadonlyMap<number, object>>();
/** Of those that were not put, whoever has given up or failed. */
const notPut = new FinalizationRegistry<() => void>((drop) => drop());

/** Primitives on their way out, and what comes in: nothing of the user's runs while they are in use. */
const outgoing = new Slip();
const incoming = new Slip();
const sink = new ByteSink(outgoing.bytes);
const source = new ByteSource(incoming.bytes);

/**
 * A value as bytes, as it is now, and only now: large buffers are still the value's own, and the slip is the next
 * value's as well. What is to last is {@linkcode kept}.
 *
 * @param marked Gets what is marked for transfer, and has only been copied: who can't put it is to have it still.
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 */
export function itemToBytes(value: unknown, marked: Transferable[] = []): Message | Slip {
  if (isPrimitive(value)) return primitiveToBytes(value);
  return needsEncoding(value) ? specialToBytes(value, marked) : borrowBytes(value, PLAIN);
}

/** A value that the codec has to see. */
function specialToBytes(value: unknown, marked: Transferable[]): Message {
  const exporter = new ItemExporter();
  const { objects, copies } = exporter;
  // By what holds on to them until then.
  const drop = () => objects.size > 0 && dropCopies(copies);
  try {
    const wire = encode(value, marked, exporter);
    if (objects.size === 0) return borrowBytes(wire, ENCODED);
    const numbers = new Int32Array([...objects.keys()]);
    const parts = copies.length === 0
      ? borrowBytes(wire, SHARING)
      : borrowBytes([wire, copies], COPYING);
    const message = [...parts, new Uint8Array(numbers.buffer)];
    brought.set(message, objects);
    if (copies.length > 0) notPut.register(message, drop, message);
    return message;
  } catch (error) {
    drop();
    throw error;
  }
}

/** An item has been put: its shared objects can be asked for. */
export function itemWasPut(message: Message | Slip): void {
  const objects = message instanceof Slip ? undefined : brought.get(message);
  if (objects === undefined) return;
  notPut.unregister(message);
  lodgeObjects(objects);
}

/** An item that was put, and that nobody will get, is dropped. */
export function discardItem(message: Message): void {
  const [first, ...large] = message;
  if (first?.[0] !== COPYING || large.length === 0) return;
  try {
    const ids = numbersIn(message);
    const [, copies] = fromBytes([first.subarray(1), ...large.slice(0, -1)]) as [
      unknown,
      ItemCopy[],
    ];
    const finish = (_objects: readonly object[]) => {
      dropCopies(copies);
      objectsTaken(ids);
    };
    const objects = fetchObjects(ids);
    if (objects instanceof Promise) objects.then(finish).catch(() => {});
    else finish(objects);
  } catch {
    // Bytes that are no item.
  }
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

/** Whether a message may be an item: bytes that begin like one pass for it. */
export function isItem(message: Message | Slip): boolean {
  const { bytes, length } = message instanceof Slip
    ? message
    : { bytes: message[0]!, length: message[0]!.length };
  if (length === 0 || bytes[0]! > COPYING) return false;
  return bytes[0]! < SHARING || (Array.isArray(message) && message.length > 1);
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
  if (message instanceof Slip || message[0]![0]! < SHARING) return true;
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
      const value = fromBytes([bytes, ...large.slice(0, -1)]);
      const wire = first![0] === COPYING ? (value as [unknown, unknown])[0] : value;
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
