/**
 * Where a process or thread is in its life, as its handle knows it: it starts once, and only then it can be
 * waited for. A handle may also stand for the one that the code itself runs in.
 *
 * | from       | to        | by                                          |
 * | ---------- | --------- | ------------------------------------------- |
 * | `initial`  | starting  | {@linkcode Lifecycle.start}                 |
 * | starting   | `started` | its launch                                  |
 * | starting   | `initial` | its launch fails: it can be tried again     |
 * | `started`  | `stopped` | its end, as {@linkcode ChildLife} tells it  |
 */

import { RuntimeError } from "../../sync/errors.ts";
import type { ChildLife } from "./_child_life.ts";

/** See the head of the file. */
export class Lifecycle {
  readonly #noun: "process" | "thread";
  #state: "initial" | "starting" | "this" | ChildLife;

  /** @param isThis Whether it is the one that the code runs in. */
  constructor(noun: "process" | "thread", isThis = false) {
    this.#noun = noun;
    this.#state = isThis ? "this" : "initial";
  }

  /** Whether it is the one that the code runs in. */
  get isThis(): boolean {
    return this.#state === "this";
  }

  /** What is known of it since its start, if it has started from here. */
  get life(): ChildLife | undefined {
    return typeof this.#state === "string" ? undefined : this.#state;
  }

  /** Whether it has started and not ended. */
  get isAlive(): boolean {
    return this.isThis || (this.life?.isAlive ?? false);
  }

  /** The same, in a word. */
  get status(): "initial" | "started" | "stopped" {
    if (this.#state === "initial") return "initial";
    return this.life === undefined || this.life.isAlive ? "started" : "stopped";
  }

  /**
   * Starts it.
   *
   * @param what Completes "Cannot …".
   * @throws {RuntimeError} When that was done before, or it is the current one.
   * @throws What `check` and `launch` throw: then nothing has started.
   */
  start(what: string, check: () => void, launch: () => ChildLife): void {
    if (this.#state !== "initial") {
      throw new RuntimeError(
        this.isThis
          ? `Cannot ${what}: it is the current ${this.#noun}`
          : `Cannot ${what}: it was started before: make another, since each runs once`,
      );
    }
    check();
    // A getter in the arguments may be tempted to start it again.
    this.#state = "starting";
    try {
      this.#state = launch();
    } catch (error) {
      this.#state = "initial";
      throw error;
    }
  }

  /**
   * What is known of it since its start.
   *
   * @param what Completes "Cannot …".
   * @throws {RuntimeError} When it has not started, or is the current one.
   */
  started(what: string): ChildLife {
    if (this.life !== undefined) return this.life;
    throw new RuntimeError(
      `Cannot ${what}: ${
        this.isThis ? `it is the current ${this.#noun}` : "it has not started: call start() before"
      }`,
    );
  }
}
