/** What the tests of items that are put together have done in children. */

import type { Queue } from "../../mod.ts";

/** Puts as many at once, some of them in another way; what came of each. */
export async function putMany(queue: Queue<unknown>, n: number): Promise<string[]> {
  const puts = Array.from({ length: n }, (_, i) => {
    if (i % 101 === 7) return queue.put([i, new Uint8Array(200_000)]);
    if (i % 103 === 9) return queue.put([i, queue]);
    if (i % 107 === 11) return queue.put([i, new URL("https://example.com")]);
    if (i % 109 === 13) return queue.put([i, "x".repeat(60_000)]);
    return i % 13 === 5 ? queue.put([i], { timeout: 60_000 }) : queue.put([i]);
  });
  return await endsOf(puts);
}

async function endsOf(puts: Promise<unknown>[]): Promise<string[]> {
  const ends = await Promise.allSettled(puts);
  return ends.map((end) => end.status === "fulfilled" ? "put" : end.reason.name);
}

/** Puts some of which one can't be sent, and one has no room. */
export async function putSome(queue: Queue<unknown>): Promise<string[]> {
  return await endsOf([
    queue.put(1),
    queue.put(() => {}),
    queue.put(2),
    queue.put(3, { block: false }),
    queue.put(4),
  ]);
}

/** Puts two into a queue for one, and says once the first is there. */
export async function putTwo(queue: Queue<number>, told: Queue<string>): Promise<void> {
  const puts = [queue.put(1), queue.put(2)];
  await puts[0];
  await told.put("the first");
  await puts[1];
  await told.put("the second");
}

/** Puts, and waits for nothing. */
export function putAndLeave(queue: Queue<number>, n: number, exits: boolean): void {
  for (let i = 0; i < n; i++) queue.put(i).catch(() => {});
  if (exits) Deno.exit(4);
}

/** Puts into several queues in turn. */
export async function putInTurn(
  one: Queue<number>,
  other: Queue<number>,
  n: number,
): Promise<void> {
  const puts: Promise<void>[] = [];
  for (let i = 0; i < n; i++) puts.push((i % 3 === 0 ? one : other).put(i));
  await Promise.all(puts);
}

/** Puts things that change while they are read and afterwards. */
export async function putChanging(queue: Queue<unknown>): Promise<void> {
  const item = {
    get first() {
      queue.put("from a getter");
      return 1;
    },
    list: [1],
  };
  const put = queue.put(item);
  item.list.push(2);
  await put;
}
