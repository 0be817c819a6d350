/** Pipes within one thread, and between any two kinds of realms. */

import { Pipe, type PoolExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from "../../mod.ts";
import { connectionSuite, type Ends } from "../suites/connection_suite.ts";
import { FarEnd, farWait } from "../support/far_end.ts";

/** Tasks that may wait in one worker at a time. */
const concurrency = 1000;
const thread = () => new ThreadPoolExecutor({ max_workers: 1, concurrency });
const child = () => new ProcessPoolExecutor({ max_workers: 1, concurrency });

type Host = PoolExecutor | null;
const hostsOf = new WeakMap<Ends, readonly Host[]>();

/** The ends of a new pipe, each here or in a worker of its own. */
function connect(...makers: readonly ((() => PoolExecutor) | null)[]) {
  return async (beside?: Ends): Promise<Ends> => {
    await using stack = new AsyncDisposableStack();
    const hosts = beside === undefined
      ? makers.map((make) => make && stack.use(make()))
      : hostsOf.get(beside)!;
    const [a, b] = await Promise.all(
      Pipe().map(async (end, i) => {
        const host = hosts[i];
        return stack.use(host ? await FarEnd.of(host, end) : end);
      }),
    );
    const all = stack.move();
    const ends: Ends = { a: a!, b: b!, [Symbol.asyncDispose]: () => all.disposeAsync() };
    hostsOf.set(ends, hosts);
    return ends;
  };
}

const BY_TASK = "a task takes its arguments along when it leaves, not when it is submitted";
const FAR = {
  "a buffer may turn out too short only when the message is there": "it is a copy there",
};
const LATER = {
  ...FAR,
  "a message is what it was when it was sent": BY_TASK,
  "buffers that are marked for it are moved": BY_TASK,
  "K13: a closed end does nothing but say so": "no task can give what is not a promise",
};

connectionSuite("a pipe", connect(null, null));
connectionSuite("a pipe to a thread", connect(null, thread), farWait, FAR);
connectionSuite("a pipe between threads", connect(thread, thread), farWait, LATER);
connectionSuite("a pipe to a child", connect(null, child), farWait, FAR);
connectionSuite("a pipe between children", connect(child, child), farWait, LATER);
