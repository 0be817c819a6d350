/**
 * How the two ends of a connection prove to each other that they have the same key, as CPython does it.
 *
 * Each side challenges the other; the side that accepted begins. A round is three messages:
 *
 * | who | sends | which is |
 * | --- | --- | --- |
 * | challenger | `#CHALLENGE#` and M | M: `{sha256}` and 40 random bytes; from Python before 3.12 20 random bytes |
 * | other | an answer | `{name}` and the HMAC of M by that digest; to M of 20 bytes the bare HMAC-MD5 |
 * | challenger | `#WELCOME#` or `#FAILURE#` | whether that was right |
 *
 * M is authenticated with the name in front of it. The key itself is never sent, and an answer is good for
 * one challenge only. Python before 3.12 answers everything by the bare HMAC-MD5, which is taken, too:
 * HMAC does not need the strength that MD5 has lost.
 *
 * No message of these is longer than {@linkcode LONGEST}; what is ends the connection unread.
 */

import type { Connection } from "../connection.ts";
import { AuthenticationError } from "../errors.ts";

const LONGEST = 256;
/** The random bytes of a challenge. */
const NONCE = 40;
/** A challenge of so many bytes is one of Python before 3.12; the least that any may have. */
const OLD_CHALLENGE = 20;
/** The length of an HMAC-MD5 without a name. */
const OLD_ANSWER = 16;

const CHALLENGE = bytesOf("#CHALLENGE#");
const WELCOME = bytesOf("#WELCOME#");
const FAILURE = bytesOf("#FAILURE#");

/** A digest, by Python's name. */
export type DigestName = "md5" | "sha256" | "sha384" | "sha3_256" | "sha3_384";

/** The digests that both sides know: by Python's name, and what they are called here. */
const DIGESTS: Readonly<Record<DigestName, string>> = {
  md5: "md5",
  sha256: "sha256",
  sha384: "sha384",
  sha3_256: "sha3-256",
  sha3_384: "sha3-384",
};

/** What a round needs of a connection. */
export type Channel = Pick<Connection, "send_bytes" | "recv_bytes">;

/** `node:crypto`, which has all digests; loaded with the first connection that has a key. */
function loadCrypto() {
  return import("node:crypto");
}

/**
 * Makes the other end prove that it has the key: Python's `deliver_challenge`.
 *
 * @param connection A connection, on which the other end now calls `answer_challenge`.
 * @param authkey The key.
 * @param digest_name The digest that is asked for.
 * @throws {AuthenticationError} When the answer is wrong; the other end is told.
 * @throws {EOFError} When the other end is closed.
 * @throws {OSError} When the connection is broken, or closed, or something else than an answer comes.
 * @throws {TypeError} When the key is no bytes.
 *
 * @example
 * ```ts
 * import { connection } from "@herd/concurrent";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * using server = await listener.accept();
 *
 * const key = new TextEncoder().encode("secret");
 * await Promise.all([
 *   connection.deliver_challenge(server, key),
 *   connection.answer_challenge(client, key),
 * ]);
 * ```
 */
export async function deliver_challenge(
  connection: Connection,
  authkey: Uint8Array,
  digest_name: DigestName = "sha256",
): Promise<void> {
  checkKey("deliver a challenge", authkey);
  if (!isDigest(digest_name)) {
    throw new TypeError(
      `Cannot deliver a challenge: digest_name is ${digest_name}: one of ${
        Object.keys(DIGESTS).join(", ")
      } is wanted`,
    );
  }
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  await challenge(connection, authkey, joined(bytesOf(`{${digest_name}}`), nonce));
}

/** Sends a challenge, and judges the answer. */
export async function challenge(
  channel: Channel,
  authkey: Uint8Array,
  message: Uint8Array,
): Promise<void> {
  await channel.send_bytes(joined(CHALLENGE, message));
  const isRight = await isAnswer(authkey, message, await channel.recv_bytes(LONGEST));
  await channel.send_bytes(isRight ? WELCOME : FAILURE);
  if (!isRight) {
    throw new AuthenticationError(
      "Cannot authenticate the other end: its answer to the challenge is wrong: " +
        "both ends need the same authkey",
    );
  }
}

/**
 * Proves to the other end that this one has the key: Python's `answer_challenge`.
 *
 * @param connection A connection, on which the other end now calls `deliver_challenge`.
 * @param authkey The key.
 * @throws {AuthenticationError} When what comes is no challenge, or the other end finds the answer wrong.
 * @throws {EOFError} When the other end is closed.
 * @throws {OSError} When the connection is broken, or closed, or something else than a challenge comes.
 * @throws {TypeError} When the key is no bytes.
 *
 * @example
 * ```ts
 * import { connection } from "@herd/concurrent";
 *
 * using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
 * using client = await connection.Client(listener.address);
 * using server = await listener.accept();
 *
 * const key = new TextEncoder().encode("secret");
 * await Promise.all([
 *   connection.answer_challenge(server, key),
 *   connection.deliver_challenge(client, key),
 * ]);
 * ```
 */
export async function answer_challenge(
  connection: Connection,
  authkey: Uint8Array,
): Promise<void> {
  checkKey("answer a challenge", authkey);
  await answer(connection, authkey);
}

/** Answers the challenge that comes, and hears what the other end says to it. */
export async function answer(channel: Channel, authkey: Uint8Array): Promise<void> {
  const received = await channel.recv_bytes(LONGEST);
  if (!startsWith(received, CHALLENGE)) {
    throw new AuthenticationError(
      "Cannot authenticate: what came is no challenge: does the other end have an authkey",
    );
  }
  await channel.send_bytes(await answerTo(authkey, received.subarray(CHALLENGE.length)));
  const verdict = await channel.recv_bytes(LONGEST);
  if (verdict.length !== WELCOME.length || !startsWith(verdict, WELCOME)) {
    throw new AuthenticationError(
      "Cannot authenticate: the other end refuses this one's answer: both ends need the same authkey",
    );
  }
}

/**
 * The answer to a challenge.
 *
 * @throws {AuthenticationError} When it is none that can be answered.
 */
export async function answerTo(authkey: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  if (message.length < OLD_CHALLENGE) {
    throw new AuthenticationError(
      `Cannot authenticate: the challenge is too short: ${message.length} bytes, ` +
        `at least ${OLD_CHALLENGE} are wanted`,
    );
  }
  if (message.length === OLD_CHALLENGE) return await hmac("md5", authkey, message);
  const name = nameIn(message);
  if (name === undefined) {
    throw new AuthenticationError(
      `Cannot authenticate: the challenge asks for a digest that is not known: ${
        Object.keys(DIGESTS).join(", ")
      } are`,
    );
  }
  return joined(bytesOf(`{${name}}`), await hmac(name, authkey, message));
}

/** Whether a challenge was answered by who has the key. */
export async function isAnswer(
  authkey: Uint8Array,
  message: Uint8Array,
  given: Uint8Array,
): Promise<boolean> {
  const name = given.length === OLD_ANSWER ? "md5" : nameIn(given);
  if (name === undefined) return false;
  const right = await hmac(name, authkey, message);
  const mac = given.length === OLD_ANSWER ? given : given.subarray(name.length + 2);
  if (mac.length !== right.length) return false;
  const { timingSafeEqual } = await loadCrypto();
  return timingSafeEqual(mac, right);
}

async function hmac(
  name: DigestName,
  authkey: Uint8Array,
  message: Uint8Array,
): Promise<Uint8Array> {
  const { createHmac } = await loadCrypto();
  return new Uint8Array(createHmac(DIGESTS[name], authkey).update(message).digest());
}

/** The digest whose name the bytes begin with, in braces. */
function nameIn(bytes: Uint8Array): DigestName | undefined {
  return (Object.keys(DIGESTS) as DigestName[]).find((name) =>
    startsWith(bytes, bytesOf(`{${name}}`))
  );
}

/**
 * Throws a `TypeError` unless `key` may be a key; an empty one may.
 *
 * @param what Completes "Cannot …".
 */
export function checkKey(what: string, key: unknown): asserts key is Uint8Array {
  if (key instanceof Uint8Array) return;
  throw new TypeError(
    `Cannot ${what}: authkey is ${key === null ? "null" : typeof key}: a Uint8Array is wanted, ` +
      `such as new TextEncoder().encode("…")`,
  );
}

function isDigest(name: unknown): name is DigestName {
  return typeof name === "string" && Object.hasOwn(DIGESTS, name);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte);
}
