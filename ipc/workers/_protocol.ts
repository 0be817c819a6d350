/**
 * Every message between a parent and its workers.
 *
 * What occurs once a task is flat: three or four numbers in `heads` and the values in `values`, since an
 * object a task would cost more than the task. A head names the task by its slot in the worker's claim
 * table.
 */

import type { Encoded } from "../values/_codec.ts";
import type { RealmPass } from "../../sync/_realm_pass.ts";
import type { WireError } from "../values/_error_codec.ts";
import type { Lineage } from "./_lineage.ts";
import type { ObjectMessage } from "../objects/_object_protocol.ts";
import type { ProcessRecord, SharedRecord } from "../processes/_this_process.ts";
import type { ThreadRecord } from "../processes/_this_thread.ts";
import type { CallDescription } from "../callable.ts";

/** The number of heads a task has in {@linkcode RunMessage}: slot, call id, shape. */
export const RUN_HEAD = 3;
/** The number of heads an answer has: slot, status, start and duration (both in microseconds). */
export const ANSWER_HEAD = 4;

/** Flags in a task's shape; the number of its values stands above them. */
export const ENCODED = 1;
/** The values are columns of arguments, one call a row. */
export const CHUNK = 2;
/** Announce the start. */
export const ANNOUNCED = 4;
/** A row that raises keeps none of those after it from being called. */
export const EVERY_ROW = 8;
/** How far the number of values is shifted. */
export const SHAPE_BITS = 4;

/** How a task ended. */
export const Status = {
  /** The value is the result. */
  returned: 0,
  /** The value is the encoded result. */
  returnedEncoded: 1,
  /** The value is a {@linkcode WireError}. */
  raised: 2,
  /** The task ended because it was asked to. */
  cancelled: 3,
  /** The worker found the task taken back, or gives it back as it was asked to. */
  skipped: 4,
  /** A chunk has ended: the value is a {@linkcode ChunkAnswer}. */
  chunk: 5,
} as const;

/** The results of a chunk's rows, up to the first that raised; with {@linkcode EVERY_ROW}, of all. */
export interface ChunkAnswer {
  /** Results, encoded where `encoded` says so. */
  results: unknown;
  /** Whether `results` went through the codec. */
  encoded: boolean;
  /** What that row raised. */
  error: WireError | null;
  /** With {@linkcode EVERY_ROW}, the rows that raised, whose results mean nothing. */
  errors: readonly RowFailure[] | null;
}

/** A row of a chunk, and what it raised. */
export type RowFailure = readonly [row: number, error: WireError];

/** First message to a worker. */
export interface StartMessage {
  kind: "start";
  /** The worker's name, for `current_thread()`. */
  name: string;
  /** The process that the worker runs in: its parent's, or one of its own. */
  process: SharedRecord;
  /** The program's main module, which a worker can't learn by itself. */
  mainModule: string | undefined;
  /** Modules whose exports bare functions may refer to. */
  modules: readonly string[];
  /** What makes it one realm of its process, where that is the parent's. */
  realm: RealmPass | null;
  /** Claim words, where the backend shares memory. */
  claims: SharedArrayBuffer | null;
  /** How many tasks it may be sent before it answers. */
  slots: number;
  /** How many asynchronous tasks may run at once. */
  concurrency: number;
  /** Whose worker it is. */
  lineage: Lineage;
  /** Called once before any task. */
  initializer: { call: CallDescription; args: unknown } | null;
}

/** Tasks to run, in this order. */
export interface RunMessage {
  kind: "run";
  /** Callables that the worker does not know yet. */
  calls: readonly CallDescription[] | null;
  heads: readonly number[];
  values: readonly unknown[];
}

/** Asks tasks to stop that run, or wait for their function and were taken back. */
export interface StopMessage {
  kind: "stop";
  slots: readonly number[];
}

/** Tasks that follow and were taken back before they left, where no memory is shared. */
export interface SkipMessage {
  kind: "skip";
  slots: readonly number[];
}

/** Asks for tasks that have not begun, since others have nothing to do, where no memory is shared. */
export interface RecallMessage {
  kind: "recall";
  slots: readonly number[];
}

/** Callables that nobody will send again. */
export interface ForgetMessage {
  kind: "forget";
  call: number;
}

/** Asks for a `pong`, to learn whether the worker's event loop turns. */
export interface PingMessage {
  kind: "ping";
}

/** What a parent sends. */
export type ToWorker =
  | StartMessage
  | RunMessage
  | StopMessage
  | SkipMessage
  | RecallMessage
  | ForgetMessage
  | PingMessage
  | ObjectMessage;

/** Stands for a {@linkcode RunMessage} or {@linkcode AnswersMessage}: the slot on whose card it is. */
export type CardMessage = number;

/** The worker can take tasks. */
export interface ReadyMessage {
  kind: "ready";
  /** The worker's `performance.timeOrigin`, to relate its clock to the parent's. */
  timeOrigin: number;
}

/** Tasks have ended. */
export interface AnswersMessage {
  kind: "answers";
  heads: readonly number[];
  values: readonly unknown[];
}

/** A task with a deadline has begun. */
export interface StartedMessage {
  kind: "started";
  slot: number;
}

/** The worker can't go on: its last message. */
export interface FailedMessage {
  kind: "failed";
  /** What failed: the initializer, or code outside any task's own promise. */
  stage: "initializer" | "uncaught";
  error: WireError;
  /** Tasks that it has begun and not answered for, where no memory is shared. */
  begun: readonly number[];
}

/** The worker ends by its own doing: its last message. */
export interface ExitMessage {
  kind: "exit";
  /** The call that ended it, such as `Deno.exit(3)`. */
  how: string;
  /** Tasks that it has begun and not answered for, where no memory is shared. */
  begun: readonly number[];
}

/** The answer to `ping`. */
export interface PongMessage {
  kind: "pong";
}

/** What a worker sends. */
export type FromWorker =
  | ReadyMessage
  | AnswersMessage
  | StartedMessage
  | FailedMessage
  | ExitMessage
  | PongMessage
  | ObjectMessage;

/** What the first message says to a process or thread that is to do one thing and end. */
export interface WorkMessage {
  /** The program's main module, which it can't learn by itself. */
  mainModule: string | undefined;
  /** Modules whose exports a bare function may refer to. */
  modules: readonly string[];
  /** The class of a subclass's object, as an export of its module. */
  subclass: CallDescription | null;
  /** The target's arguments, and the own fields of a subclass's object, encoded together. */
  values: Encoded;
}

/** First message to a process that is to do one thing and end. */
export interface ProcessMessage extends WorkMessage {
  kind: "process";
  process: ProcessRecord;
}

/** First message to a thread that is to do one thing and end. */
export interface ThreadMessage extends WorkMessage {
  kind: "thread";
  /** The process that it is a thread of; one of its own, where it stands for one. */
  process: SharedRecord;
  /** `null` for the main thread of a process of its own. */
  thread: ThreadRecord | null;
  realm: RealmPass;
  /** The Web Lock that it holds for life. */
  lifeLock: string;
}

/** Second message to such a process or thread: its target, which may have to be looked at before. */
export interface TargetMessage {
  kind: "target";
  /** `null` where there is none, and `run()` is all. */
  call: CallDescription | null;
  /** Why the target can't be sent. */
  refusal: WireError | null;
}

/** What a thread is sent that is to do one thing. */
export type ToThread = ThreadMessage | TargetMessage | ObjectMessage;

/** The thread has come up: its death can be seen. */
export interface UpMessage {
  kind: "up";
}

/** The thread ends: its last message. */
export interface EndMessage {
  kind: "end";
  /** The code with which a process would exit. */
  code: number;
}

/** What such a thread sends. */
export type FromThread = UpMessage | EndMessage | ObjectMessage;
