/**
 * What `connection.wait` can wait for, and what it needs of that: kept beside the objects, so that it is no
 * part of their classes.
 */

import { after } from "../../sync/_deadline.ts";
import type { NewsSource } from "./_message_transport.ts";

/** Something to wait for. */
export interface Waitable extends NewsSource {
  /** @throws When it can't be waited for: it is closed, or never has news. */
  check(): void;
}

const waitables = new WeakMap<object, Waitable>();

/** Lets an object be waited for. */
export function registerWaitable(object: object, waitable: Waitable): void {
  waitables.set(object, waitable);
}

/** What to wait for an object by; `undefined` when it is none of these. */
export function waitableOf(object: unknown): Waitable | undefined {
  return typeof object === "object" && object !== null ? waitables.get(object) : undefined;
}

/**
 * Waits until one of several has news that nobody else has taken.
 *
 * @param timeout Milliseconds; `undefined` for no limit, 0 or less to look.
 * @returns Resolves when at least one has, or the time is up.
 */
export async function untilNews(
  sources: readonly NewsSource[],
  timeout: number | undefined,
): Promise<void> {
  if (timeout !== undefined && timeout <= 0) return await lookAt(sources);
  const late = Promise.withResolvers<"late">();
  const stop = timeout === undefined ? undefined : after(timeout, () => late.resolve("late"));
  while (!sources.some(({ isReady }) => isReady)) {
    const news = Promise.withResolvers<"news">();
    const stops = sources.map((source) => source.watch(() => news.resolve("news")));
    const why = await Promise.race([news.promise, late.promise]);
    // This realm may have been held up for all of the time.
    if (why === "late") await lookAt(sources);
    for (const stop of stops) stop();
    if (why === "late") break;
  }
  stop?.();
}

/**
 * An event loop that always has something to do asks the system for news of its sockets at every 61st turn,
 * and hears of them at the next: after so many it has. That takes a tenth of a millisecond, a tenth of what
 * the shortest timer takes.
 */
const TURNS = 64;

/** Lets the event loop hear of what has come, unless `isEnough` before. */
export async function hear(isEnough: () => boolean): Promise<void> {
  for (let turn = 0; turn < TURNS && !isEnough(); turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Looks also at those that nobody has looked at since another had news.
 *
 * @param timeout Milliseconds to wait for other processes to say what they know; `undefined` for no limit.
 */
export async function glance(
  sources: readonly NewsSource[],
  timeout: number | undefined,
): Promise<void> {
  const stops = sources.map((source) => source.watch(() => {}));
  await hear(() => sources.every(({ isReady }) => isReady));
  for (const stop of stops) stop();
  const far = sources.filter(({ isFar, isReady }) => isFar && !isReady);
  if (far.length === 0) return;
  const late = Promise.withResolvers<void>();
  const stop = timeout === undefined ? undefined : after(timeout, late.resolve);
  await Promise.race([lookAt(far), late.promise]);
  stop?.();
}

async function lookAt(sources: readonly NewsSource[]): Promise<void> {
  await Promise.all(sources.map((source) => source.look()));
}
