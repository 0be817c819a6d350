/**
 * A local stand-in for `jsr:@std/testing/time`, for machines that cannot reach JSR: a fake clock over
 * `npm:@sinonjs/fake-timers`.
 *
 * @module
 */

import FakeTimers from "npm:@sinonjs/fake-timers@^15.0.0";

/** Overrides the clock and the timers until it is disposed. */
export class FakeTime {
  #clock: { now: number; tick(ms: number): number; uninstall(): void };

  /** Starts the fake clock at `start`, default now. */
  constructor(start?: number | Date) {
    this.#clock = FakeTimers.install({ now: start ?? Date.now() });
  }

  /** The fake time, in milliseconds since the epoch. */
  get now(): number {
    return this.#clock.now;
  }

  /** Moves the clock on by `ms` milliseconds and runs what falls due. */
  tick(ms = 0): void {
    this.#clock.tick(ms);
  }

  /** Puts the real clock back. */
  restore(): void {
    this.#clock.uninstall();
  }

  /** Puts the real clock back. */
  [Symbol.dispose](): void {
    this.restore();
  }
}
