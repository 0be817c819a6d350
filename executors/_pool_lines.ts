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

/** First in, first out; an array that is shifted moves all that is left, each time, when it is long. */
class Tasks {
  #tasks: (Task | undefined)[] = [];
  #head = 0;

  get first(): Task | undefined {
    return this.#tasks[this.#head];
  }

  push(task: Task): void {
    this.#tasks.push(task);
  }

  shift(): Task | undefined {
    const { first } = this;
    if (first === undefined) return undefined;
    this.#tasks[this.#head++] = undefined;
    if (this.#head * 2 >= this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head);
      this.#head = 0;
    }
    return first;
  }

  drain(): Task[] {
    const tasks = this.#tasks.slice(this.#head) as Task[];
    this.#tasks = [];
    this.#head = 0;
    return tasks;
  }
}

/** For `imap`. */
export class InOrder implements Line {
  readonly #tasks = new Tasks();

  get isEmpty(): boolean {
    return this.#tasks.first === undefined;
  }

  add(task: Task): void {
    this.#tasks.push(task);
  }

  done(): void {}

  next(): Task | undefined {
    return this.#tasks.first?.done() ? this.#tasks.shift() : undefined;
  }

  drain(): Iterable<Task> {
    return this.#tasks.drain();
  }
}

/** For `imap_unordered`. */
export class AsFinished implements Line {
  readonly #running = new Set<Task>();
  readonly #done = new Tasks();

  get isEmpty(): boolean {
    return this.#running.size === 0 && this.#done.first === undefined;
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
    const tasks = [...this.#running, ...this.#done.drain()];
    this.#running.clear();
    return tasks;
  }
}
