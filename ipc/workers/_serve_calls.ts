/**
 * The worker's loop: takes tasks, runs them in order, answers in batches. It knows no backend; the
 * entries give it a way to post.
 *
 * - A task is claimed, then run, then answered. What is found taken back is answered as skipped, which
 *   tells the parent that its slot is free again.
 * - At most `concurrency` tasks are in hand at once; only those that wait for a promise overlap.
 * - Answers are held back to travel together, but never for long: they leave when no task is left,
 *   before the loop waits for a promise, before a task that is not known to be tiny, when the oldest is
 *   a millisecond old, and before the worker ends. Where what is posted leaves only when the event loop
 *   turns, a task that is not known to be tiny, or has a deadline, begins when it has left: it may never
 *   let the loop turn again.
 * - After a few milliseconds of work the loop lets the event loop turn, so that timers, sockets and
 *   requests to stop are served.
 */

import { ClaimTable } from "../../sync/_claim.ts";
import { type Batch, batchOf, hasTask, removeTasks } from "./_batch.ts";
import { decode, sharesObjects } from "../values/_codec.ts";
import { encodeError, type WireError } from "../values/_error_codec.ts";
import { Outbox, type Post } from "./_outbox.ts";
import { withoutOwnFrames } from "../values/_own_frames.ts";
import {
  ANNOUNCED,
  ANSWER_HEAD,
  type AnswersMessage,
  CHUNK,
  type ChunkAnswer,
  ENCODED,
  EVERY_ROW,
  RUN_HEAD,
  type RunMessage,
  SHAPE_BITS,
  type StartMessage,
  Status,
  type ToWorker,
} from "./_protocol.ts";
import type { Resolved, Resolver } from "../values/_resolve_callable.ts";
import { EveryRow, RowError, runRows } from "./_run_rows.ts";
import type { ObjectMessage } from "../objects/_object_protocol.ts";
import type { SharedObjects } from "../objects/_shared_objects.ts";
import { giveUpUnread } from "../values/_undelivered.ts";
import { UnsharedClaims } from "./_unshared_claims.ts";
import type { CallDescription } from "../callable.ts";
import { RunningTask } from "../current_task.ts";

/** A function that takes less is tiny: an answer may wait while it runs. Milliseconds. */
const TINY = 0.05;
/** How long the loop runs before the event loop gets a turn. Larger starves timers of tasks. */
const SLICE = 4;

/** A callable in this worker. */
interface Entry {
  readonly description: CallDescription;
  resolved: Resolved | undefined;
  /** Under way, for tasks that come meanwhile. */
  resolving: Promise<Resolved> | undefined;
  /** Mean duration in milliseconds, quick to rise; unknown functions are not tiny. */
  mean: number;
}

/** A task in hand. */
interface Job {
  readonly slot: number;
  readonly entry: Entry;
  readonly task: RunningTask;
  /** Whether it is a chunk of rows. */
  readonly chunk: boolean;
  /** Milliseconds of this worker's clock. */
  readonly started: number;
}

/** Resolves when all that was posted has left; `undefined` when it has. */
export type Departure = () => Promise<void> | undefined;

/** Runs tasks for one parent. */
export class CallServer {
  readonly #post: Post;
  readonly #departure: Departure | null;
  readonly #claims: ClaimTable | UnsharedClaims;
  readonly #concurrency: number;
  readonly #resolver: Resolver;
  readonly #objects: SharedObjects;
  readonly #calls = new Map<number, Entry>();
  /** Batches with tasks left; the first is being taken. */
  readonly #batches: Batch[] = [];
  /** Jobs that wait for a promise, by slot. */
  readonly #waiting = new Map<number, Job>();
  /** Gives up waiting for what a task that was taken back needed to begin, by slot. */
  readonly #preparing = new Map<number, () => void>();
  /** Tasks in hand: waiting, or being prepared. */
  #inHand = 0;
  readonly #outbox: Outbox;
  #ended = false;
  #pumpArmed = false;

  /**
   * @param departure `null` where what is posted leaves at once.
   */
  constructor(
    start: StartMessage,
    resolver: Resolver,
    post: Post,
    departure: Departure | null,
    objects: SharedObjects,
  ) {
    this.#objects = objects;
    this.#post = post;
    this.#departure = departure;
    const claims = this.#claims = start.claims === null
      ? new UnsharedClaims(start.slots)
      : new ClaimTable(start.claims);
    this.#outbox = new Outbox(
      objects,
      claims.shared ? post : (message, transfer) => {
        post(message, transfer);
        const { heads } = message as AnswersMessage;
        for (let head = 0; head < heads.length; head += ANSWER_HEAD) claims.free(heads[head]!);
      },
    );
    this.#concurrency = start.concurrency;
    this.#resolver = resolver;
  }

  /** Handles whatever the parent sends after the start. */
  receive(message: Exclude<ToWorker, StartMessage | ObjectMessage>): void {
    switch (message.kind) {
      case "run":
        this.#take(message);
        break;
      case "stop":
        for (const slot of message.slots) this.#stop(slot);
        break;
      case "skip":
        for (const slot of message.slots) (this.#claims as UnsharedClaims).skip(slot);
        break;
      case "recall":
        this.#giveBack(message.slots);
        break;
      case "forget":
        this.#calls.delete(message.call);
        break;
      case "ping":
        this.#post({ kind: "pong" }, []);
        break;
      default:
        message satisfies never;
    }
  }

  /** Whether everything that the worker was given is done. */
  get isIdle(): boolean {
    return this.#inHand === 0 && this.#batches.length === 0 && !this.#ended;
  }

  /** The worker ends: sends what can be sent, and begins nothing more. */
  end(): void {
    this.#ended = true;
    this.#outbox.end();
  }

  /** The tasks that it has begun and not answered for, where the parent can't see that for itself. */
  begun(): number[] {
    return this.#claims instanceof UnsharedClaims ? this.#claims.begun() : [];
  }

  #isUnbegun(slot: number): boolean {
    return this.#preparing.has(slot) || this.#batches.some((batch) => hasTask(batch, slot));
  }

  /** Of the tasks that are asked for, those that have not begun: no other is touched. */
  #giveBack(slots: readonly number[]): void {
    const asked = new Set(slots);
    const now = performance.now();
    for (const batch of this.#batches) {
      for (const { slot, shape, args } of removeTasks(batch, (slot) => asked.has(slot))) {
        this.#giveUp(shape, args);
        this.#skip(slot, now);
      }
    }
    this.#outbox.flush();
    // These are given back as soon as they have noticed.
    for (const slot of slots) if (this.#preparing.has(slot)) this.#stop(slot);
  }

  #stop(slot: number): void {
    if (this.#claims instanceof UnsharedClaims) {
      if (this.#waiting.has(slot)) this.#claims.requestStop(slot);
      else if (this.#isUnbegun(slot)) this.#claims.skip(slot);
    }
    this.#waiting.get(slot)?.task.abort();
    this.#preparing.get(slot)?.();
  }

  #take(message: RunMessage): void {
    for (const description of message.calls ?? []) {
      this.#calls.set(description.id, {
        description,
        resolved: undefined,
        resolving: undefined,
        mean: Infinity,
      });
    }
    this.#batches.push(batchOf(message));
    if (!this.#pumpArmed) this.#pump();
  }

  /** Runs tasks while there are any and one more may be in hand. */
  #pump(): void {
    const sliceEnd = performance.now() + SLICE;
    let now = sliceEnd - SLICE;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      if (batch.nextHead === batch.heads.length) {
        this.#batches.shift();
        continue;
      }
      if (this.#inHand >= this.#concurrency || this.#ended) break;
      if (now > sliceEnd) {
        this.#pumpArmed = true;
        setImmediate(() => {
          this.#pumpArmed = false;
          this.#pump();
        });
        break;
      }
      now = this.#next(batch, now);
    }
    if (this.#inHand === 0 || !this.#mayAnswerSoon()) this.#outbox.flush();
    else this.#outbox.flushSoon();
  }

  /** Begins the next task of `batch` at time `now`; returns the time when that is done. */
  #next(batch: Batch, now: number): number {
    const { heads, values } = batch;
    const slot = heads[batch.nextHead]!;
    const entry = this.#calls.get(heads[batch.nextHead + 1]!)!;
    const shape = heads[batch.nextHead + 2]!;
    // A result's getter may end the worker now: the task has not begun yet.
    if (entry.mean > TINY) this.#outbox.flush();
    const first = batch.nextValue;
    batch.nextHead += RUN_HEAD;
    batch.nextValue += shape >> SHAPE_BITS;
    const args = values.slice(first, batch.nextValue);
    // The batch must not keep alive what its tasks are done with.
    values.fill(undefined, first, batch.nextValue);
    if (
      entry.resolved !== undefined && !this.#keepsBack(entry, shape) &&
      !this.#lacksObjects(shape, args)
    ) {
      return this.#begin(slot, entry, shape, args, now);
    }
    this.#prepareThenBegin(slot, entry, shape, args);
    return now;
  }

  /** Whether something that was posted, or the announcement of the task, might not leave before its end. */
  #keepsBack(entry: Entry, shape: number): boolean {
    if (this.#departure === null) return false;
    return (shape & ANNOUNCED) !== 0 || (entry.mean > TINY && this.#departure() !== undefined);
  }

  /** Whether there are shared objects among the arguments whose classes or functions are not there yet. */
  #lacksObjects(shape: number, args: readonly unknown[]): boolean {
    return (shape & ENCODED) !== 0 && sharesObjects(args) && !this.#objects.isReadyFor(args);
  }

  /** Claims the task only when it can begin, so that it can be cancelled until then. */
  async #prepareThenBegin(slot: number, entry: Entry, shape: number, args: unknown[]) {
    this.#inHand++;
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    this.#preparing.set(slot, stop);
    // A module may take for ever to load: that is part of the task's time.
    if ((shape & ANNOUNCED) !== 0) this.#announce(slot);
    try {
      let prepared = false;
      await Promise.race([
        stopped,
        this.#prepare(entry, shape, args).then(() => prepared = true),
      ]);
      this.#preparing.delete(slot);
      const now = performance.now();
      if (this.#ended) return;
      if (!prepared) {
        this.#claims.claim(slot); // It was taken back: there is nothing to get.
        this.#giveUp(shape, args);
        this.#skip(slot, now);
      } else this.#begin(slot, entry, shape & ~ANNOUNCED, args, now);
    } catch (error) {
      const now = performance.now();
      if (this.#ended) return;
      this.#giveUp(shape, args);
      if (this.#claims.claim(slot)) this.#raise(slot, now, now, error, entry);
      else this.#skip(slot, now);
    } finally {
      this.#preparing.delete(slot);
      this.#inHand--;
    }
    if (!this.#pumpArmed) this.#pump();
  }

  async #prepare(entry: Entry, shape: number, args: readonly unknown[]): Promise<void> {
    if (this.#lacksObjects(shape, args)) await this.#objects.prepareFor(args);
    if (entry.resolved === undefined) {
      entry.resolving ??= this.#resolver.resolve(entry.description);
      entry.resolving.catch(() => {}).then(() => entry.resolving = undefined);
      entry.resolved = await entry.resolving;
    }
    await this.#departure?.();
  }

  #announce(slot: number): void {
    this.#outbox.flush();
    this.#post({ kind: "started", slot }, []);
  }

  #begin(slot: number, entry: Entry, shape: number, args: unknown[], started: number): number {
    if (!this.#claims.claim(slot)) {
      this.#giveUp(shape, args);
      this.#skip(slot, started);
      return started;
    }
    if ((shape & ANNOUNCED) !== 0) this.#announce(slot);
    const task = new RunningTask(entry.description.name, this.#claims, slot);
    const chunk = (shape & CHUNK) !== 0;
    const job: Job = { slot, entry, task, chunk, started };
    try {
      if ((shape & ENCODED) !== 0) args = decode(args, this.#objects.port) as unknown[];
      const { fn } = entry.resolved!;
      if (chunk) {
        const every = (shape & EVERY_ROW) !== 0;
        return this.#settleOrWait(job, task.run(runRows, fn, args as unknown[][], task, every));
      }
      return this.#settleOrWait(job, task.run(fn, ...args));
    } catch (error) {
      return this.#fail(job, error);
    }
  }

  #settleOrWait(job: Job, result: unknown): number {
    if (!(result instanceof Promise)) return this.#succeed(job, result);
    this.#inHand++;
    this.#waiting.set(job.slot, job);
    const over = () => {
      this.#inHand--;
      this.#waiting.delete(job.slot);
    };
    result.then(
      (value) => {
        over();
        this.#succeed(job, value);
        if (!this.#pumpArmed) this.#pump();
      },
      (error) => {
        over();
        this.#fail(job, error);
        if (!this.#pumpArmed) this.#pump();
      },
    );
    return performance.now();
  }

  #succeed(job: Job, value: unknown): number {
    const now = performance.now();
    if (value instanceof RowError) return this.#failRow(job, value, now);
    job.task.end();
    if (value instanceof EveryRow) {
      const { results, errors } = value;
      const wire = errors.map(({ row, error }) =>
        [row, encodeTaskError(error, job.entry)] as const
      );
      const answer: ChunkAnswer = { results, encoded: false, error: null, errors: wire };
      this.#answer(job.slot, Status.chunk, answer, job.started, now, job.entry);
    } else if (job.chunk) {
      const answer: ChunkAnswer = { results: value, encoded: false, error: null, errors: null };
      this.#answer(job.slot, Status.chunk, answer, job.started, now, job.entry);
    } else this.#answer(job.slot, Status.returned, value, job.started, now, job.entry);
    return now;
  }

  #fail(job: Job, error: unknown): number {
    const now = performance.now();
    if (job.task.isObedient(error)) {
      this.#answer(job.slot, Status.cancelled, undefined, job.started, now, job.entry);
    } else this.#raise(job.slot, job.started, now, error, job.entry);
    job.task.end();
    return now;
  }

  #failRow(job: Job, { results, error }: RowError, now: number): number {
    if (job.task.isObedient(error)) return this.#fail(job, error);
    job.task.end();
    const wire = encodeTaskError(error, job.entry);
    const answer: ChunkAnswer = { results, encoded: false, error: wire, errors: null };
    this.#answer(job.slot, Status.chunk, answer, job.started, now, job.entry);
    return now;
  }

  #raise(slot: number, started: number, now: number, error: unknown, entry: Entry): void {
    const wire = encodeTaskError(error, entry);
    this.#answer(slot, Status.raised, wire, started, now, entry);
  }

  /** Nobody will decode a task's arguments. */
  #giveUp(shape: number, args: readonly unknown[]): void {
    if ((shape & ENCODED) === 0 || !sharesObjects(args)) return;
    this.#objects.load().then(() => giveUpUnread(args, this.#objects.port)).catch(() => {});
  }

  #skip(slot: number, now: number): void {
    this.#outbox.add(slot, Status.skipped, undefined, now, 0);
  }

  #answer(
    slot: number,
    status: number,
    value: unknown,
    started: number,
    now: number,
    entry: Entry,
  ): void {
    const duration = now - started;
    entry.mean = nextMean(entry.mean, duration);
    this.#outbox.add(slot, status, value, started, duration);
  }

  /** Whether every job in hand is likely to end at once, so that answers may wait for theirs. */
  #mayAnswerSoon(): boolean {
    for (const { entry } of this.#waiting.values()) if (entry.mean > TINY) return false;
    return this.#waiting.size === this.#inHand;
  }
}

/** Rises by half of what was measured, but not steeply: one pause must not look like a habit. */
function nextMean(mean: number, measured: number): number {
  if (mean === Infinity) return measured;
  return measured > mean
    ? (mean + Math.min(measured, Math.max(mean, 0.001) * 8)) / 2
    : mean * 0.9 + measured * 0.1;
}

function encodeTaskError(error: unknown, entry: Entry): WireError {
  return withoutOwnFrames(encodeError(error, { module: entry.resolved?.module }));
}
