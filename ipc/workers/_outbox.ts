/**
 * Answers on their way out of a worker: held back to travel together, but never for long.
 *
 * They leave when the server says so, when the oldest is a millisecond old, and after a task that took
 * long. One that can't be posted harms no other.
 */

import {
  encode,
  explainCloneError,
  type Exporter,
  firstUnsendable,
  MessageScan,
  type Need,
  needsEncoding,
} from "../values/_codec.ts";
import { encodeError } from "../values/_error_codec.ts";
import type { SharedObjects } from "../objects/_shared_objects.ts";
import {
  ANSWER_HEAD,
  type ChunkAnswer,
  type FromWorker,
  type RowFailure,
  Status,
} from "./_protocol.ts";
import { giveUpUnsent } from "../values/_undelivered.ts";

/** How old an answer may become before it is sent. Larger saves messages, smaller saves waiting. */
const OLDEST_ANSWER = 1;

/** Sends to the parent; throws what structured clone throws. */
export type Post = (message: FromWorker, transfer: Transferable[]) => void;

/** Answers of one message. */
interface Answers {
  readonly heads: number[];
  readonly values: unknown[];
}

/** See the head of the file. */
export class Outbox {
  readonly #objects: Pick<SharedObjects, "port" | "isMissing" | "load">;
  readonly #post: Post;
  #heads: number[] = [];
  #values: unknown[] = [];
  /** What is being posted. */
  #leaving: Answers | undefined = undefined;
  /** What waits until streams can be sent: there may be one in it. */
  #waiting: Answers | undefined = undefined;
  /** When the first answer came, in milliseconds. */
  #oldest = 0;
  #flushArmed = false;
  #hasEnded = false;

  /** @param objects How objects travel that live elsewhere. */
  constructor(objects: Pick<SharedObjects, "port" | "isMissing" | "load">, post: Post) {
    this.#objects = objects;
    this.#post = post;
  }

  /** Adds the answer of a task that started at `started` and took `duration`, in milliseconds. */
  add(slot: number, status: number, value: unknown, started: number, duration: number): void {
    // The worker's last message has left, and has told what it had not answered for.
    if (this.#hasEnded) return;
    const now = started + duration;
    if (this.#heads.length === 0) this.#oldest = now;
    this.#heads.push(slot, status, Math.round(started * 1000), Math.round(duration * 1000));
    this.#values.push(value);
    // What took long was not tiny, whatever was expected: its answer must not wait for the next one.
    if (duration > OLDEST_ANSWER || now - this.#oldest > OLDEST_ANSWER) this.flush();
  }

  /** Sends the answers that are held back, in as few messages as may be; `atOnce` whatever it takes. */
  flush(atOnce = false): void {
    if (this.#heads.length === 0) return;
    const batch = this.#leaving = { heads: this.#heads, values: this.#values };
    this.#heads = [];
    this.#values = [];
    try {
      const needs = needsOf(batch);
      if (needs === "nothing") this.#post({ kind: "answers", ...batch }, []);
      else this.#flushSingly(batch, atOnce);
    } catch {
      this.#flushSingly(batch, atOnce);
    }
    this.#leaving = undefined;
  }

  /** Sends them when the event loop has turned, unless they have left by then. */
  flushSoon(): void {
    if (this.#flushArmed || this.#heads.length === 0) return;
    this.#flushArmed = true;
    setImmediate(() => {
      this.#flushArmed = false;
      this.flush();
    });
  }

  /** The worker ends: sends what can be sent. */
  end(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined) this.#flushSingly(waiting, true);
    // A result's own getter may end the worker while its batch is being cloned, and do so again.
    const leaving = this.#leaving;
    this.#leaving = undefined;
    if (leaving !== undefined) this.#flushSingly(leaving, true);
    this.flush(true);
    this.#hasEnded = true;
  }

  /**
   * Posts each answer by itself: one that can't be cloned harms no other, one that moves memory does so
   * alone, and what two have in common arrives twice. Values that could run code when they are cloned
   * come last.
   */
  #flushSingly({ heads, values }: Answers, atOnce: boolean): void {
    const order = [...values.keys()];
    const isInert = (i: number) =>
      heads[i * ANSWER_HEAD + 1] === Status.raised || typeof values[i] !== "object";
    for (const i of [...order.filter(isInert), ...order.filter((i) => !isInert(i))]) {
      const head = heads.slice(i * ANSWER_HEAD, (i + 1) * ANSWER_HEAD);
      const single = [values[i]];
      try {
        if (!atOnce && this.#objects.isMissing && mayHaveStreams(head[1]!, values[i])) {
          this.#postLater(head, values[i]);
          continue;
        }
        const transfer: Transferable[] = [];
        prepare(head, single, transfer, this.#objects.port);
        this.#post({ kind: "answers", heads: head, values: single }, transfer);
      } catch (error) {
        if (head[1] === Status.returnedEncoded) giveUpUnsent(single[0], this.#objects.port);
        const wire = encodeError(explainCloneError(error, "the result"));
        if (head[1] === Status.chunk && this.#postSendableRows(head, values[i] as ChunkAnswer)) {
          continue;
        }
        head[1] = Status.raised;
        this.#post({ kind: "answers", heads: head, values: [wire] }, []);
      }
    }
  }

  /** Posts an answer when all is there that streams need to be sent. */
  #postLater(head: readonly number[], value: unknown): void {
    if (this.#waiting === undefined) {
      this.#waiting = { heads: [], values: [] };
      const post = () => {
        const waiting = this.#waiting;
        this.#waiting = undefined;
        if (waiting !== undefined) this.#flushSingly(waiting, true);
      };
      this.#objects.load().then(post, post);
    }
    this.#waiting.heads.push(...head);
    this.#waiting.values.push(value);
  }

  /** Posts what can be sent of a chunk's results; `false` when none is to blame. */
  #postSendableRows(heads: number[], { results, errors }: ChunkAnswer): boolean {
    const answer = errors === null
      ? firstRows(results as unknown[])
      : otherRows(results as unknown[], errors);
    if (answer === undefined) return false;
    const values: unknown[] = [answer];
    prepare(heads, values, [], this.#objects.port);
    this.#post({ kind: "answers", heads, values }, []);
    return true;
  }
}

/** The results up to the first that can't be sent; `undefined` when there is no such. */
function firstRows(results: readonly unknown[]): ChunkAnswer | undefined {
  const first = firstUnsendable(results);
  if (first === undefined) return undefined;
  const error = encodeError(explainCloneError(first.error, "the result"));
  return { results: results.slice(0, first.index), encoded: false, error, errors: null };
}

/** All results but those that can't be sent; `undefined` when there is no such. */
function otherRows(
  results: readonly unknown[],
  errors: readonly RowFailure[],
): ChunkAnswer | undefined {
  const others = [...results];
  const all = [...errors];
  for (let from = 0; from < others.length;) {
    const first = firstUnsendable(others.slice(from));
    if (first === undefined) break;
    from += first.index;
    all.push([from, encodeError(explainCloneError(first.error, "the result"))]);
    others[from++] = undefined;
  }
  if (all.length === errors.length) return undefined;
  return { results: others, encoded: false, error: null, errors: all };
}

/** Whether the answers may be posted together as they are. */
function needsOf({ heads, values }: Answers): Need {
  let scan: MessageScan | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value !== "object" || value === null) continue;
    if (heads[i * ANSWER_HEAD + 1] === Status.raised) continue;
    scan ??= new MessageScan();
    const need = scan.look(value);
    if (need !== "nothing") return need;
  }
  return "nothing";
}

function mayHaveStreams(status: number, value: unknown): boolean {
  return status !== Status.raised && typeof value === "object" && value !== null &&
    needsEncoding(status === Status.chunk ? (value as ChunkAnswer).results : value);
}

/** Encodes the result of a single answer, in place, when it needs it. */
function prepare(
  heads: number[],
  values: unknown[],
  transfer: Transferable[],
  exporter: Exporter | undefined,
): void {
  const [value] = values;
  if (typeof value !== "object" || value === null) return;
  if (heads[1] === Status.returned && needsEncoding(value)) {
    values[0] = encode(value, transfer, exporter);
    heads[1] = Status.returnedEncoded;
  } else if (heads[1] === Status.chunk) {
    const answer = value as ChunkAnswer;
    if (!needsEncoding(answer.results)) return;
    const results = encode(answer.results, transfer, exporter);
    values[0] = { ...answer, results, encoded: true } satisfies ChunkAnswer;
  }
}
