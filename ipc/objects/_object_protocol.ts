/**
 * Messages about objects that live elsewhere: how the methods of a lock are called whose memory is in
 * another process. Both sides may have such objects, and send any of these.
 */

import type { Encoded } from "../values/_codec.ts";
import type { WireError } from "../values/_error_codec.ts";
import type { RelayKind } from "./_relay_kind.ts";

/** The number of what the other side can call from the start, where there is such an object. */
export const ROOT = 0;

/** The most arguments of a call: more are a list, as one of them. V8 can't pass many more. */
export const MOST_ARGUMENTS = 65_536;

/** Calls a method. */
export interface CallMessage {
  kind: "call";
  /** Names the call between the two sides. */
  call: number;
  object: number;
  method: string;
  args: Encoded;
  /** Who calls: 0 for the sender itself, else the number of the realm whose call it passes on. */
  realm: number;
  /** The task that calls, of its own in that realm. */
  task: number;
}

/** A realm whose calls were passed on has ended. */
export interface EndedMessage {
  kind: "ended";
  realm: number;
}

/** The end of a call. */
export interface ReplyMessage {
  kind: "reply";
  call: number;
  /** What the method returned. */
  value: Encoded;
  /** What it threw, if it did. */
  error: WireError | null;
  /** Whether the object was left by a dead holder, after the call. */
  abandoned: boolean;
  /** How many calls it ends, this one and those after it; one if it does not say. */
  times?: number;
}

/** The caller does not want to wait any more. */
export interface AbortMessage {
  kind: "abort";
  call: number;
}

/** Nobody has the object any more that was received so often. */
export interface DropMessage {
  kind: "drop";
  object: number;
  times: number;
}

/** Puts items into a queue: as many calls, of that number and those after it. */
export interface PutsMessage {
  kind: "puts";
  call: number;
  object: number;
  /** Each its length in four bytes, and its bytes (`_item_bytes.ts`), filled up to four. */
  items: Uint8Array;
  count: number;
  realm: number;
  task: number;
}

/** Of the items of a queue that were sent ahead some have been taken; the others are kept, or are not. */
export interface TakenMessage {
  kind: "taken";
  object: number;
  taken: number;
  keeps: boolean;
}

/** The items of a queue that were sent ahead are wanted back. */
export interface RecallMessage {
  kind: "recall items";
  object: number;
}

/** See the head of the file. */
export type ObjectMessage =
  | CallMessage
  | ReplyMessage
  | AbortMessage
  | DropMessage
  | EndedMessage
  | PutsMessage
  | TakenMessage
  | RecallMessage;

/**
 * What is sent of an object: its class and number, and what of it never changes, for one that lives with the
 * sender; its number, for one that lives with the receiver; kind, number and what else is to be known, for a
 * stream or socket.
 */
export type RemoteRecord =
  | readonly ["there", kind: string, object: number, facts: readonly unknown[]]
  | readonly ["here", object: number]
  | readonly ["relay", kind: RelayKind, object: number, facts: unknown];

const KINDS: ReadonlySet<string> = new Set<ObjectMessage["kind"]>([
  ...["call", "reply", "abort", "drop", "ended", "puts", "taken", "recall items"] as const,
]);

/** Whether a message is about objects. */
export function isObjectMessage(message: { kind: string }): message is ObjectMessage {
  return KINDS.has(message.kind);
}

const FOREIGN_KINDS: ReadonlySet<string> = new Set<ObjectMessage["kind"]>([
  ...["call", "reply", "abort", "drop", "ended"] as const,
]);

/** Whether a message is one that another program may send: items of queues go by calls there. */
export function isForeignMessage(message: { kind: string }): message is ObjectMessage {
  return FOREIGN_KINDS.has(message.kind);
}
