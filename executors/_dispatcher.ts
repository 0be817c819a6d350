/**
 * Which worker gets which tasks, in one message.
 *
 * The one with the fewest tasks goes first. What it gets is as much as it may have by its window and the expected
 * times of the tasks (`_batching.ts`), and never what might wait behind others for what these wait for.
 */

import { batchSize, IN_FLIGHT, wantsMore } from "./_batching.ts";
import { mayMeet } from "./_meeting.ts";
import { expectedTime, type PoolWorker } from "./_pool_worker.ts";
import type { Roster } from "./_roster.ts";
import type { Task } from "./_task.ts";
import type { TaskQueue } from "./_task_queue.ts";

/** What the dispatcher tells the scheduler. */
export interface DispatchEvents {
  /** A worker that had nothing to do was sent tasks, of which this is the first. */
  sentFirst(task: Task, worker: PoolWorker): void;
  /** The function of the first task in the queue has been analysed. */
  described(): void;
}

/** See the head of the file. */
export class Dispatcher {
  readonly #queue: TaskQueue;
  readonly #roster: Roster;
  readonly #options: { readonly concurrency: number; readonly tasksPerWorker: number };
  readonly #events: DispatchEvents;
  /** Whether the first task in the queue waits for its function to be analysed. */
  headIsUndescribed = false;

  constructor(
    queue: TaskQueue,
    roster: Roster,
    options: { readonly concurrency: number; readonly tasksPerWorker: number },
    events: DispatchEvents,
  ) {
    this.#queue = queue;
    this.#roster = roster;
    this.#options = options;
    this.#events = events;
  }

  /** Gives out what can be given out now. */
  assign(): void {
    while (this.#queue.size > 0) {
      const worker = this.#leastLoaded();
      if (worker === undefined) return;
      const batch = this.#nextBatch(worker);
      if (batch.length === 0) return;
      const { isIdle } = worker;
      worker.send(batch);
      if (isIdle) this.#events.sentFirst(batch[0]!, worker);
    }
  }

  /** Of the workers that may have more, the one with the fewest tasks. */
  #leastLoaded(): PoolWorker | undefined {
    let least: PoolWorker | undefined;
    for (const worker of this.#roster.active) {
      if (least !== undefined && worker.tasks >= least.tasks) continue;
      if (this.mayHaveMore(worker)) least = worker;
    }
    return least;
  }

  /** Whether a worker may be sent tasks. */
  mayHaveMore(worker: PoolWorker): boolean {
    const { concurrency, tasksPerWorker } = this.#options;
    if (worker.sent >= tasksPerWorker || worker.room === 0) return false;
    if (worker.tasks < concurrency) return true;
    return !worker.isEndangered && !worker.isHeldUp && wantsMore({
      tasks: worker.tasks - concurrency + 1,
      work: worker.work / concurrency,
      window: worker.window,
    });
  }

  /**
   * How many tasks one worker may have while others have nothing to do: where they could not be taken back
   * from it, they would wait there for no reason.
   */
  #fairShare(worker: PoolWorker): number {
    if (worker.channel.claims.shared) return Infinity;
    let idle = 0;
    for (const { state, tasks } of this.#roster.active) {
      if (state === "ready" && tasks === 0) idle++;
    }
    return Math.ceil(this.#queue.size / Math.max(1, idle));
  }

  /**
   * The tasks of one message; fewer than there is room for when they are expected to be long. One that may wait for
   * others to run goes only where it begins at once: behind others, it could be what these wait for.
   */
  #nextBatch(worker: PoolWorker): Task[] {
    const { concurrency, tasksPerWorker } = this.#options;
    const atLeast = Math.max(concurrency - worker.tasks, worker.tasks === 0 ? 1 : 0);
    const size = Math.min(
      Math.max(Math.min(batchSize(worker.window), this.#fairShare(worker)), atLeast),
      tasksPerWorker - worker.sent,
      worker.room,
    );
    const now = this.#queue.isMixed ? performance.now() : 0;
    let work = worker.work;
    let isEndangered = worker.isEndangered;
    const batch: Task[] = [];
    const mayHaveMore = () => !isEndangered && work / concurrency < IN_FLIGHT;
    // What can't be taken back must be tiny, to wait there behind others.
    const mayWait = (time: number) =>
      worker.channel.claims.shared || (work + time) / concurrency <= IN_FLIGHT;
    this.headIsUndescribed = false;
    while (batch.length < size && (batch.length < atLeast || mayHaveMore())) {
      const task = this.#queue.take(now);
      if (task === undefined) break;
      const { call } = task;
      if (call.description === undefined) {
        if (call.refusal !== undefined) {
          task.set_exception(call.refusal);
          continue;
        }
        this.headIsUndescribed = true;
        this.#queue.unshift([task]);
        call.described!.then(this.#events.described);
        break;
      }
      const time = expectedTime(task);
      if (batch.length >= atLeast && (!mayWait(time) || mayMeet(task))) {
        this.#queue.unshift([task]);
        break;
      }
      work += time;
      isEndangered ||= worker.isDanger(task);
      batch.push(task);
    }
    return batch;
  }
}
