/**
 * A started child or thread, as its handle sees it: whether it runs, how it ended, who waits.
 *
 * It keeps the program alive until it has ended; a daemon does so only while somebody waits for it.
 */

import { limit } from "../../sync/_deadline.ts";

/** What was started. */
export interface Charge {
  /** The process that it is, or is in. */
  readonly pid: number;
  /** Resolves when it has ended, to its exit code, as Deno counts it, and the signal that ended it. */
  readonly ended: Promise<ChargeEnd>;
  /** Whether it keeps the program alive; at first it does. */
  hold(on: boolean): void;
  signal(signal: Deno.Signal): void;
}

/** How it ended. */
export interface ChargeEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** See the head of the file. */
export class ChildLife {
  readonly #child: Charge;
  readonly #daemon: boolean;
  #end: ChargeEnd | undefined = undefined;
  /** What to call when it has ended. */
  readonly #waiters = new Set<() => void>();

  /** @param onEnd Called when it has ended, before anybody else is told. */
  constructor(child: Charge, daemon: boolean, onEnd: () => void) {
    this.#child = child;
    this.#daemon = daemon;
    if (daemon) child.hold(false);
    child.ended.then((end) => {
      this.#end = end;
      onEnd();
      for (const tell of this.#waiters) tell();
    });
  }

  /** Its process ID. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Whether it is ended with the program. */
  get isDaemon(): boolean {
    return this.#daemon;
  }

  /** Whether it has not ended, as far as is known here. */
  get isAlive(): boolean {
    return this.#end === undefined;
  }

  /** Its exit code, or the negative number of the signal that ended it; `null` while it runs. */
  get exitcode(): number | null {
    if (this.#end === undefined) return null;
    const { code, signal } = this.#end;
    return signal === null ? code : FIRST_SIGNAL_CODE - code;
  }

  /** The signal that ended it, if one did. */
  get endSignal(): Deno.Signal | null {
    return this.#end?.signal ?? null;
  }

  /** Sends it a signal, unless it has ended. */
  signal(signal: Deno.Signal): void {
    if (this.isAlive) this.#child.signal(signal);
  }

  /**
   * Resolves when it has ended, or after `timeout` milliseconds; not before the event loop has turned, so
   * that a loop of short waits sees the end.
   */
  wait(timeout?: number): Promise<void> {
    if (!this.isAlive) return Promise.resolve();
    return new Promise((resolve) => {
      const tell = () => {
        stopLimit();
        stopWatch();
        resolve();
      };
      const stopWatch = this.watch(tell);
      const stopLimit = limit({ timeout }, tell);
    });
  }

  /** Calls `tell` when it has ended, unless it has; returns what ends that. Keeps the program alive until then. */
  watch(tell: () => void): () => void {
    const watcher = () => tell();
    this.#waiters.add(watcher);
    if (this.#daemon && this.isAlive) this.#child.hold(true);
    return () => {
      this.#waiters.delete(watcher);
      if (this.#daemon && this.#waiters.size === 0 && this.isAlive) this.#child.hold(false);
    };
  }
}

/** What Deno adds to the number of a signal to make an exit code of it. */
export const FIRST_SIGNAL_CODE = 128;
