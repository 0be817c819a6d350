/**
 * The calls of an `imap` that wait for their outcome to be given: in the order of the inputs, or in that
 * of finishing.
 */

import type { Task } from "./_task.ts";

/** See the head of the file. */
export interface Line {
  /** A call is on its way. */
  add(task: Task): void;
  /** It has its outcome. */
  done(task: Task): void;
  /** Takes the call whose outcome is to be given next; `undefined` when it has none yet. */
  next(): Task | undefined;
  /** Whether there is no call in it. */
  readonly isEmpty: boolean;
  /** Takes all. */
  drain(): Iterable<Task>;
}

/** For `imap`. */
export class InOrder implements Line {
  #tasks: Task[] = [];

  get isEmpty(): boolean {
    return this.#tasks.length === 0;
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  done(): void {}

  next(): Task | undefined {
    return this.#tasks[0]?.done() ? this.#tasks.shift() : undefined;
  }

  drain(): Iterable<Task> {
    return this.#tasks.splice(0);
  }
}

/** For `imap_unordered`. */
export class AsFinished implements Line {
  readonly #running = new Set<Task>();
  readonly #done: Task[] = [];

  get isEmpty(): boolean {
    return this.#running.size === 0 && this.#done.length === 0;
  }

  add(task: Task): void {
    this.#running.add(task);
  }

  done(task: Task): void {
    if (this.#running.delete(task)) this.#done.push(task);
  }

  next(): Task | undefined {
    return this.#done.shift();
  }

  drain(): Iterable<Task> {
    const tasks = [...this.#running, ...this.#done.splice(0)];
    this.#running.clear();
    return tasks;
  }
}
