/**
 * Values in messages between processes that need not trust each other: what `send` makes, and `recv` reads.
 *
 * ```
 * version │ form │ [ count │ length × count ] │ value │ part × count
 *       1 │    1 │       4         4                                  bytes, little-endian
 * ```
 *
 * The value is one of `_bytes.ts`; its large buffers are the further parts. The form says whether there are
 * such, and whether the value went through the codec (`_codec.ts`), since it has errors or URLs in it.
 *
 * What comes is data: no code in it runs, no name in it is looked up but in tables. Whatever is wrong with
 * it is one error, an `OSError`.
 */

import { fromBytes, toBytes } from "../bytes/_bytes.ts";
import {
  decode,
  encode,
  explainCloneError,
  type Exporter,
  type Importer,
  needsEncoding,
} from "../values/_codec.ts";
import { OSError } from "../errors.ts";

/** The version of all that. */
const VERSION = 1;
/** What CPython's pickles begin with. */
const PICKLE = 0x80;

const IS_ENCODED = 1;
const HAS_PARTS = 2;

const HEAD = 2;
const COUNT = 4;

const exporter: Exporter = {
  export(object, kind) {
    if (kind.variety !== undefined) {
      throw new TypeError(
        `Cannot send ${object} through a socket: it is no data: let the other program connect to the ` +
          `manager by itself`,
      );
    }
    throw new TypeError(
      kind.refusal ?? `Cannot send a ${kind.name} through a socket: it is no data: pass it as ` +
          `an argument, or use a manager's`,
    );
  },
};

const importer: Importer = {
  sharesMemory: false,
  import: refuse,
  revive: refuse,
};

function refuse(): never {
  throw new TypeError("Cannot decode a value: it refers to an object, and only data is taken");
}

/** How values go through sockets; see the head of the file. */
export const socketValues = {
  /** @throws {DOMException} `DataCloneError`, when something in it can't be sent; what a getter throws. */
  toMessage(value: unknown): readonly Uint8Array[] {
    try {
      return toMessage(value);
    } catch (error) {
      throw explainCloneError(error, "the value");
    }
  },
  /** @throws {OSError} When the message is no value. */
  fromMessage(message: Uint8Array<ArrayBuffer>): unknown {
    try {
      return fromMessage(message);
    } catch (cause) {
      throw notAValue(message[0], cause);
    }
  },
};

/** Why a message that begins with such a byte is no value. */
export function notAValue(first: number | undefined, cause?: unknown): OSError {
  const isPickle = first === PICKLE;
  return new OSError(
    "Cannot receive a value: what came is none: " +
      (isPickle
        ? "it looks like a pickle of Python's: use send_bytes() and recv_bytes() with Python"
        : "what send_bytes() sent is to be received by recv_bytes()"),
    { cause },
  );
}

function toMessage(value: unknown): Uint8Array[] {
  const isEncoded = needsEncoding(value);
  const transfer: Transferable[] = [];
  const data = isEncoded ? encode(value, transfer, exporter) : value;
  return dataToMessage(data, transfer, isEncoded);
}

/** The message of a value that needs no codec, or has been through it. */
export function dataToMessage(
  data: unknown,
  transfer: readonly Transferable[] = [],
  isEncoded = false,
): Uint8Array[] {
  const [first, ...parts] = toBytes(data, transfer);
  return [head(isEncoded, parts), first!, ...parts];
}

/**
 * What {@linkcode dataToMessage} was given.
 *
 * @throws What is wrong with it.
 */
export function dataFromMessage(message: Uint8Array<ArrayBuffer>): unknown {
  const { form, value } = read(message);
  if ((form & IS_ENCODED) === 0) return value;
  throw new TypeError("It went through the codec");
}

function head(isEncoded: boolean, parts: readonly Uint8Array[]): Uint8Array {
  const form = isEncoded ? IS_ENCODED : 0;
  if (parts.length === 0) return new Uint8Array([VERSION, form]);
  const head = new DataView(new ArrayBuffer(HEAD + COUNT * (1 + parts.length)));
  head.setUint8(0, VERSION);
  head.setUint8(1, form | HAS_PARTS);
  head.setUint32(HEAD, parts.length, true);
  for (const [i, { length }] of parts.entries()) {
    head.setUint32(HEAD + COUNT * (1 + i), length, true);
  }
  return new Uint8Array(head.buffer);
}

/** @throws What is wrong with it. */
function fromMessage(message: Uint8Array<ArrayBuffer>): unknown {
  const { form, value } = read(message);
  if ((form & IS_ENCODED) === 0) return value;
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string") {
    throw new TypeError("It is said to be encoded, and is not");
  }
  return decode(value, importer);
}

/** @throws What is wrong with it. */
function read(message: Uint8Array<ArrayBuffer>): { form: number; value: unknown } {
  const [version, form] = message;
  if (version !== VERSION) throw new TypeError(`Version ${VERSION} is wanted: ${version}`);
  if (form === undefined || form > (IS_ENCODED | HAS_PARTS)) {
    throw new TypeError(`Form ${form} is unknown`);
  }
  const value = fromBytes((form & HAS_PARTS) === 0 ? [message.subarray(HEAD)] : split(message));
  return { form, value };
}

/** The parts of a value; all but the first get memory of their own, as the buffers that they are. */
function split(message: Uint8Array<ArrayBuffer>): Uint8Array[] {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = view.getUint32(HEAD, true);
  let start = HEAD + COUNT;
  const lengths: number[] = [];
  // Reads past the end, and throws, where the count is made up.
  for (let i = 0; i < count; i++, start += COUNT) lengths.push(view.getUint32(start, true));
  let at = message.length - lengths.reduce((sum, length) => sum + length, 0);
  if (at < start) throw new RangeError("It is shorter than its parts");
  const parts: Uint8Array[] = [message.subarray(start, at)];
  for (const length of lengths) {
    parts.push(message.slice(at, at + length));
    at += length;
  }
  return parts;
}
