import {
  Barrier,
  Pipe,
  ProcessPoolExecutor,
  Queue,
  task,
  ThreadPoolExecutor,
} from "@herd/concurrent";
import * as peers from "../peers/herd_items.ts";
import { type Contender, noWorkers } from "./contender.ts";

const url = new URL("../peers/herd_items.ts", import.meta.url);
const putNumbers = task(url, peers.putNumbers);
const getNumbers = task(url, peers.getNumbers);
const awaitNumbers = task(url, peers.awaitNumbers);
const putLarge = task(url, peers.putLarge);
const getLarge = task(url, peers.getLarge);
const ask = task(url, peers.ask);
const answer = task(url, peers.answer);
const copyLarge = task(url, peers.copyLarge);

/** Threads for four producers and four consumers. */
const MOST = 8;
/** Large items that may wait. */
const AHEAD = 8;

/** Herd's `Queue`, between threads that block, and from this one to a child. */
export const herdQueues: Contender = {
  settings:
    "Queue(0), putSync and getSync in threads; large: Queue(8); child: put and get, awaited; " +
    "pipe: sendSync and recvSync",
  start: noWorkers,
  queues() {
    const threads = new ThreadPoolExecutor(MOST);
    const children = new ProcessPoolExecutor(1);
    return {
      async numbers(each, count) {
        const queue = new Queue<number>();
        const all = new Barrier(2 * each);
        const share = count / each;
        const sides = Array.from({ length: each }, () => [
          threads.submit(putNumbers, queue, share, all),
          threads.submit(getNumbers, queue, share, all),
        ]).flat();
        return Math.max(...(await Promise.all<number | void>(sides)).map((ms) => ms ?? 0));
      },
      async large(count) {
        const queue = new Queue<Uint8Array>(AHEAD);
        const [us] = await Promise.all([
          threads.submit(getLarge, queue, count),
          threads.submit(putLarge, queue, count),
        ]);
        return { us, copy: await threads.submit(copyLarge, count) };
      },
      async toChild(count) {
        await children.ready();
        const queue = new Queue<number>();
        const got = children.submit(awaitNumbers, queue, count);
        const start = performance.now();
        for (let i = 0; i < count; i++) await queue.put(i);
        await got;
        return performance.now() - start;
      },
      async pipe(count) {
        const [one, other] = Pipe();
        const [ms] = await Promise.all([
          threads.submit(ask, one, count),
          threads.submit(answer, other, count),
        ]);
        one.close();
        other.close();
        return ms;
      },
      async [Symbol.asyncDispose]() {
        await threads.shutdown();
        await children.shutdown();
      },
    };
  },
};
