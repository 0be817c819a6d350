/**
 * The tasks that wait for a worker: higher priorities first, first in first out within one.
 *
 * No starvation: a task that has waited {@linkcode AGE} milliseconds is aged, and every second task
 * that is taken is the oldest of the aged ones, whatever its priority. Urgent work so keeps at least
 * half of the workers, and any task's turn comes.
 *
 * Tasks that are settled while they wait (cancelled) stay where they are and are passed over; when they
 * are the greater part of the queue, it is swept.
 */

import type { Task } from "./_task.ts";

/** After how many milliseconds of waiting a task is aged. */
export const AGE = 1000;

/** One priority's tasks; `head` of the front are taken. */
interface Lane {
  readonly priority: number;
  tasks: (Task | undefined)[];
  head: number;
}

/** Tasks in the order in which they shall run. */
export class TaskQueue {
  /** Highest priority first; only lanes with tasks, settled ones included. */
  readonly #lanes: Lane[] = [];
  #live = 0;
  #settled = 0;
  #agedIsNext = false;
  /** No task is aged before this time. */
  #nextAged = 0;

  /** How many tasks wait, settled ones not counted. */
  get size(): number {
    return this.#live;
  }

  /** Whether tasks of more than one priority wait: only then time matters. */
  get isMixed(): boolean {
    return this.#lanes.length > 1;
  }

  /** Adds a task behind all others of its priority. */
  push(task: Task): void {
    this.#laneOf(task.settings.priority).tasks.push(task);
    task.queued = true;
    this.#live++;
  }

  /** Puts tasks that were taken back in front, in their order; a callback may have settled some since. */
  unshift(tasks: readonly Task[]): void {
    this.#nextAged = 0;
    for (const task of tasks.toReversed()) {
      if (task.done()) continue;
      const lane = this.#laneOf(task.settings.priority);
      if (lane.head > 0) lane.tasks[--lane.head] = task;
      else lane.tasks.unshift(task);
      task.queued = true;
      this.#live++;
    }
  }

  /** Takes the task whose turn it is at time `now`; `undefined` when none waits. */
  take(now: number): Task | undefined {
    const urgent = this.#firstLive(0);
    if (urgent < 0) return undefined;
    const aged = this.isMixed ? this.#agedLane(now) : -1;
    const index = aged < 0 ? urgent : aged;
    const lane = this.#lanes[index]!;
    const task = lane.tasks[lane.head]!;
    this.#advance(index);
    task.queued = false;
    this.#live--;
    return task;
  }

  /** Takes all tasks, in their order. */
  drain(): Task[] {
    const tasks = this.#lanes.flatMap((lane) => lane.tasks.slice(lane.head))
      .filter((task) => task !== undefined && !task.done()) as Task[];
    for (const task of tasks) task.queued = false;
    this.#lanes.length = this.#live = this.#settled = 0;
    return tasks;
  }

  /** A waiting task was settled. */
  settled(): void {
    this.#live--;
    if (++this.#settled < 1000 || this.#settled < this.#live) return;
    for (const lane of this.#lanes) {
      lane.tasks = lane.tasks.slice(lane.head).filter((task) => !task!.done());
      lane.head = 0;
    }
    this.#removeEmptyLanes();
    this.#settled = 0;
  }

  #laneOf(priority: number): Lane {
    const first = this.#lanes[0];
    if (first?.priority === priority) return first;
    let [from, to] = [0, this.#lanes.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#lanes[middle]!.priority > priority) from = middle + 1;
      else to = middle;
    }
    const found = this.#lanes[from];
    if (found?.priority === priority) return found;
    const lane: Lane = { priority, tasks: [], head: 0 };
    this.#lanes.splice(from, 0, lane);
    return lane;
  }

  /** The first lane from `index` on whose front is not settled, or -1; drops the fronts that are. */
  #firstLive(index: number): number {
    while (index < this.#lanes.length) {
      const lane = this.#lanes[index]!;
      if (!lane.tasks[lane.head]!.done()) return index;
      this.#settled--;
      // The lane may be gone then, and the next one in its place.
      this.#advance(index);
    }
    return -1;
  }

  /** The lane of the task that has waited longest, when an aged one has its turn; else -1. */
  #agedLane(now: number): number {
    if (now < this.#nextAged) return -1;
    this.#agedIsNext = !this.#agedIsNext;
    if (!this.#agedIsNext) return -1;
    let oldest = -1;
    for (let i = this.#firstLive(0); i >= 0; i = this.#firstLive(i + 1)) {
      if (oldest < 0 || submitted(this.#lanes[i]!) < submitted(this.#lanes[oldest]!)) oldest = i;
    }
    const age = submitted(this.#lanes[oldest]!) + AGE;
    if (age <= now) return oldest;
    this.#nextAged = age;
    return -1;
  }

  /** Steps over the front of a lane, which goes when it is empty. */
  #advance(index: number): void {
    const lane = this.#lanes[index]!;
    lane.tasks[lane.head++] = undefined;
    if (lane.head === lane.tasks.length) this.#lanes.splice(index, 1);
    else if (lane.head >= 1024 && lane.head * 2 >= lane.tasks.length) {
      lane.tasks = lane.tasks.slice(lane.head);
      lane.head = 0;
    }
  }

  #removeEmptyLanes(): void {
    const left = this.#lanes.filter((lane) => lane.tasks.length > 0);
    this.#lanes.splice(0, this.#lanes.length, ...left);
  }
}

function submitted(lane: Lane): number {
  return lane.tasks[lane.head]!.origin.time;
}
