/**
 * Messages about objects between programs, as bytes: each is one message of a connection.
 *
 * Any can be written as data (`_connection_values.ts`), which then says what it is made of. A call whose arguments
 * are primitives, and the answer of such a one, is written without that: these are what is sent most.
 *
 * | message | bytes |
 * | --- | --- |
 * | small call | {@linkcode CALL}, call, object, realm, task, method, how many arguments, each of them |
 * | small answer | {@linkcode REPLY}, call, whether the object is abandoned, the value |
 * | any other | the message as data, which begins with a version, another byte |
 *
 * What comes is data: nothing in it is run. Whatever is wrong with it is an error.
 */

import { ByteSink } from "../bytes/_byte_sink.ts";
import { ByteSource } from "../bytes/_byte_source.ts";
import { readPrimitive, writePrimitive } from "../bytes/_bytes_primitives.ts";
import { isPlain, PLAIN } from "../values/_codec.ts";
import { dataFromMessage, dataToMessage } from "../connections/_connection_values.ts";
import { isForeignMessage, type ObjectMessage } from "./_object_protocol.ts";

const CALL = 0x3e;
const REPLY = 0x3f;

/**
 * A message as the parts of one of a connection.
 *
 * @throws {DOMException} `DataCloneError`, when something in it can't be sent.
 */
export function objectMessageToBytes(message: ObjectMessage): Uint8Array[] {
  if (message.kind === "call" && isPlain(message.args)) {
    const { call, object, method, args, realm, task } = message;
    return write([CALL, call, object, realm, task, method, (args[1] as unknown[]).length], args[1]);
  }
  if (message.kind === "reply" && isPlain(message.value)) {
    const { call, value, error, abandoned, times } = message;
    if (error === null && times === undefined) return write([REPLY, call, abandoned], [value[1]]);
  }
  return dataToMessage(message);
}

function write(heads: readonly unknown[], values: unknown): Uint8Array[] {
  const sink = new ByteSink();
  try {
    sink.byte(heads[0] as number);
    for (let i = 1; i < heads.length; i++) writePrimitive(sink, heads[i]);
    const all = values as readonly unknown[];
    for (let i = 0; i < all.length; i++) writePrimitive(sink, all[i]);
    return [sink.end()];
  } catch (error) {
    sink.abandon();
    throw error;
  }
}

/** The message of the bytes. Throws what is wrong with them. */
export function objectMessageFromBytes(bytes: Uint8Array<ArrayBuffer>): ObjectMessage {
  const [form] = bytes;
  if (form === CALL || form === REPLY) return readSmall(bytes);
  const value = dataFromMessage(bytes);
  const isObject = typeof value === "object" && value !== null;
  if (isObject && isForeignMessage(value as { kind: string })) return value as ObjectMessage;
  throw new TypeError("Cannot use a message about objects: what came is none");
}

function readSmall(bytes: Uint8Array): ObjectMessage {
  const source = new ByteSource(bytes);
  const next = () => readPrimitive(source, source.byte());
  const number = () => {
    const value = next();
    if (typeof value !== "number") throw source.fault("a number is wanted");
    return value;
  };
  let message: ObjectMessage;
  if (source.byte() === CALL) {
    const [call, object, realm, task] = [number(), number(), number(), number()];
    const method = String(next());
    const args: unknown[] = [];
    for (let left = number(); left > 0; left--) args.push(next());
    message = { kind: "call", call, object, method, args: [PLAIN, args], realm, task };
  } else {
    const [call, abandoned] = [number(), next() === true];
    message = { kind: "reply", call, value: [PLAIN, next()], error: null, abandoned };
  }
  source.end();
  return message;
}
