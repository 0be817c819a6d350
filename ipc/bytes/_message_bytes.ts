/**
 * Messages between processes as bytes.
 *
 * Any message can be written as a value (`_bytes.ts`), which then says what it is made of. A task that
 * travels alone and has only primitive values, or the answer of such a one, is written without that, in
 * a fifth of the time: this is what is sent most by those who await each task before the next.
 *
 * | message | bytes |
 * | --- | --- |
 * | small task | {@linkcode TASK}, the three heads, each value |
 * | small answer | {@linkcode ANSWER}, the four heads, the value |
 * | any other | the message as a value, which begins with another byte, as it is an object |
 *
 * Heads and values of small ones are written as primitives are in any value.
 */

import { ByteSink } from "./_byte_sink.ts";
import { ByteSource } from "./_byte_source.ts";
import { fromBytes, toBytes } from "./_bytes.ts";
import { readPrimitive, writePrimitive } from "./_bytes_primitives.ts";
import type { Message } from "./_frame.ts";
import { FrameError } from "./_frame_error.ts";
import {
  ANSWER_HEAD,
  type FromWorker,
  RUN_HEAD,
  SHAPE_BITS,
  type ToWorker,
} from "../workers/_protocol.ts";

const TASK = 0x3e;
const ANSWER = 0x3f;

/**
 * A message as bytes.
 *
 * @throws What {@linkcode toBytes} throws.
 */
export function messageToBytes(
  message: FromWorker | ToWorker,
  transfer: readonly Transferable[] = [],
): Message {
  const bytes = transfer.length === 0 ? smallToBytes(message) : undefined;
  return bytes === undefined ? toBytes(message, transfer) : [bytes];
}

/**
 * The message of the bytes, if they are of one: what it is made of is not known.
 *
 * @throws {FrameError} When the bytes are no value.
 */
export function messageFromBytes(bytes: Message): unknown {
  const first = bytes[0]?.[0];
  return first === TASK || first === ANSWER ? smallFromBytes(bytes) : fromBytes(bytes);
}

function smallToBytes(message: FromWorker | ToWorker): Uint8Array | undefined {
  switch (message.kind) {
    case "run": {
      const { calls, heads, values } = message;
      return calls === null && heads.length === RUN_HEAD ? write(TASK, heads, values) : undefined;
    }
    case "answers": {
      const { heads, values } = message;
      return heads.length === ANSWER_HEAD ? write(ANSWER, heads, values) : undefined;
    }
    default:
      return undefined;
  }
}

function write(
  form: number,
  heads: readonly number[],
  values: readonly unknown[],
): Uint8Array | undefined {
  for (let i = 0; i < values.length; i++) if (!isPrimitive(values[i])) return undefined;
  const sink = new ByteSink();
  sink.byte(form);
  for (let i = 0; i < heads.length; i++) sink.number(heads[i]!);
  for (let i = 0; i < values.length; i++) writePrimitive(sink, values[i]);
  return sink.end();
}

/** Whether the value can be written by itself; functions and symbols are for others to refuse. */
function isPrimitive(value: unknown): boolean {
  const type = typeof value;
  return value === null || (type !== "object" && type !== "function" && type !== "symbol");
}

function smallFromBytes(bytes: Message): FromWorker | ToWorker {
  const source = new ByteSource(bytes[0]!);
  try {
    const message = readSmall(source);
    source.end();
    if (bytes.length > 1) throw source.fault(`${bytes.length - 1} parts are left over`);
    return message;
  } catch (error) {
    if (error instanceof FrameError) throw error;
    throw source.fault("what it holds can't be", error);
  }
}

function readSmall(source: ByteSource): FromWorker | ToWorker {
  const isTask = source.byte() === TASK;
  const heads: number[] = [];
  for (let left = isTask ? RUN_HEAD : ANSWER_HEAD; left > 0; left--) {
    const head = readPrimitive(source, source.byte());
    if (typeof head !== "number") throw source.fault("a number is wanted");
    heads.push(head);
  }
  const values: unknown[] = [];
  for (let left = isTask ? heads[2]! >> SHAPE_BITS : 1; left > 0; left--) {
    values.push(readPrimitive(source, source.byte()));
  }
  return isTask ? { kind: "run", calls: null, heads, values } : { kind: "answers", heads, values };
}
