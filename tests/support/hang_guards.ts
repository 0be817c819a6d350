/** Waits that end in an error where they would be hangs. */

import { assert } from "@std/assert";
import type { Future } from "../../mod.ts";

/** Milliseconds after which a wait is a hang. */
export const HANG = 30_000;

/** Waits until `condition` holds; what it waits for may need the event loop to turn. */
export async function until(condition: () => boolean, what = "the condition holds"): Promise<void> {
  const end = performance.now() + HANG;
  while (!condition()) {
    assert(performance.now() < end, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** What `promise` comes to; a hang fails the test. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), HANG);
  });
  return await Promise.race([promise, hang]).finally(() => clearTimeout(timer));
}

/** The error of a future, or `null`. */
export function outcome(future: Future<unknown>): Promise<unknown> {
  return future.exception(HANG);
}
