/**
 * Help with deadlocks: who holds what somebody has long been waiting for, and where it was acquired.
 *
 * With `HERD_DEBUG=1000` in the environment, and permission to read that, a lock has room for a note in its
 * memory. Who acquires it notes its name and place there, whatever thread it is; who waits for it without a
 * limit for more than so many milliseconds prints it, once. It costs microseconds an acquisition, so it is
 * off unless asked for.
 */

import { thisRealmName } from "./_realm_pass.ts";

/** Milliseconds; `undefined` where nobody asked for help. */
export const DEBUG: number | undefined = readSetting();

/** Bytes of a note, its length included. */
export const NOTE_BYTES = 1024;

/** Frames of a place. */
const FRAMES = 4;
/** Frames that are looked at for those: Herd's own come first, more than the engine notes by default. */
const DEPTH = 50;
/** Where Herd's own functions are, which are no news, and what the engine calls between them. */
const OWN = [
  ...[".", "../ipc/", "../executors/"].map((path) => new URL(path, import.meta.url).href),
  "(<anonymous>)",
];

function readSetting(): number | undefined {
  const variable = "HERD_DEBUG";
  if (Deno.permissions.querySync({ name: "env", variable }).state !== "granted") return undefined;
  const ms = Number(Deno.env.get(variable) || NaN);
  return ms >= 0 ? ms : undefined;
}

/**
 * A note about the caller, who is about to acquire something.
 *
 * @param other What the one is called that it acts for, if it does: where that calls is not known here.
 */
export function noteOf(other: string | undefined): Uint8Array<ArrayBuffer> {
  const place = framesHere().filter((line) => !OWN.some((own) => line.includes(own))).slice(
    0,
    FRAMES,
  );
  const lines = other === undefined ? [thisRealmName(), ...place] : [other];
  return new TextEncoder().encode(lines.join("\n")).subarray(0, NOTE_BYTES - 4);
}

function framesHere(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  try {
    return (new Error().stack ?? "").split("\n").slice(1);
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Leaves a note. */
export function writeNote(
  bytes: Uint8Array<SharedArrayBuffer>,
  note: Uint8Array<ArrayBuffer>,
): void {
  bytes.set(note, 4);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, note.length);
}

/** What it says. */
export function readNote(bytes: Uint8Array<SharedArrayBuffer>): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  // The decoder takes no shared memory.
  const text = new TextDecoder().decode(bytes.slice(4, 4 + length));
  return text === "" ? "somebody who left no note" : text;
}

/** Tells the user. */
export function reportWait(what: string, holder: string): void {
  console.error(
    `Herd: ${thisRealmName()} has been waiting for over ${DEBUG} ms to ${what}: held by ${holder}`,
  );
}
