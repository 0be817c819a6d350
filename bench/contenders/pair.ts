import { type Callable, ThreadPoolExecutor } from "@herd/concurrent";
import { newWords, type Words } from "../peers/together.ts";

/** Two threads that run the two sides of a hand-over. */
export class Pair implements AsyncDisposable {
  readonly #pool = new ThreadPoolExecutor(2);

  /** Milliseconds until the later of both is through. */
  async run<A extends unknown[]>(
    side: Callable<[words: Words, me: number, count: number, ...A], Promise<number>>,
    count: number,
    ...shared: A
  ): Promise<number> {
    const words = newWords();
    const both = [0, 1].map((me) => this.#pool.submit(side, words, me, count, ...shared));
    return Math.max(...await Promise.all(both));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.shutdown();
  }
}
