/**
 * What the suites of shared objects have done in other realms.
 *
 * A script is a list of steps, each a call of a method of an object, so that one script does for main, for
 * threads that block and threads that do not, and for processes. Scripts wait for one another by shared
 * objects, never by time.
 */

import type { Acquirable, Condition, Event, Semaphore } from "../../mod.ts";

/** A call of a method, or a look at a property. Some have a meaning of their own: see `perform`. */
export type Step = readonly [object: object, method: string, ...args: unknown[]];

/**
 * Does the steps one after another, and gives what they returned.
 *
 * - `hold` holds until the script ends, however it ends.
 * - `wait_for` takes a semaphore and a number: it waits until the one has as many permits.
 * - `… until` is the method with a signal that an event, which it takes, aborts; it gives the error.
 *
 * @param blocks Whether by the blocking twins, where there are some.
 */
export async function perform(blocks: boolean, steps: readonly Step[]): Promise<unknown[]> {
  await using held = new AsyncDisposableStack();
  const results: unknown[] = [];
  for (const step of steps) results.push(await take(step, blocks, held));
  return results;
}

async function take(
  [object, method, ...args]: Step,
  blocks: boolean,
  held: AsyncDisposableStack,
): Promise<unknown> {
  if (method === "hold") {
    const able = object as Acquirable;
    held.use(blocks ? able.holdSync(...args as []) : await able.hold(...args as []));
    return true;
  }
  if (method === "wait_for") {
    const [semaphore, n, limit] = args as [Semaphore, number, { timeout: number } | undefined];
    const condition = object as Condition;
    return blocks
      ? condition.wait_forSync(() => semaphore.get_valueSync() >= n, limit)
      : await condition.wait_for(async () => await semaphore.get_value() >= n, limit);
  }
  if (method.endsWith(" until")) {
    return await callUntil(object, method.slice(0, -" until".length), args[0] as Event);
  }
  const name = blocks && `${method}Sync` in object ? `${method}Sync` : method;
  const member: unknown = Reflect.get(object, name);
  return typeof member === "function" ? await member.apply(object, args) : member;
}

async function callUntil(object: object, method: string, event: Event): Promise<string> {
  const controller = new AbortController();
  event.wait().then(() => controller.abort("enough"));
  try {
    const fn = Reflect.get(object, method) as (limit: unknown) => Promise<unknown>;
    return `no error: ${await fn.call(object, { signal: controller.signal })}`;
  } catch (error) {
    const { name, cause } = error as Error;
    return `${name}: ${cause}`;
  }
}
