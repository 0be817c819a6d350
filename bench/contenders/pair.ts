import { type Callable, ThreadPoolExecutor } from "@herd/concurrent";
import { newWords, type Words } from "../peers/together.ts";

/** One side of a hand-over; `me` is 0 or 1. It gives the milliseconds that it took. */
export type Side<A extends unknown[]> = Callable<
  [words: Words, me: number, count: number, ...A],
  Promise<number>
>;

let threads: ThreadPoolExecutor | undefined;

/**
 * Milliseconds that two threads took for so many hand-overs, until the later of both was through. All
 * contenders have the same two, since where they run decides what it takes.
 */
export async function handOver<A extends unknown[]>(
  side: Side<A>,
  count: number,
  ...shared: A
): Promise<number> {
  const pool = threads ??= new ThreadPoolExecutor(2);
  const words = newWords();
  const both = [0, 1].map((me) => pool.submit(side, words, me, count, ...shared));
  return Math.max(...await Promise.all(both));
}
