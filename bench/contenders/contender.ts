import type { PrimitiveName } from "../job.ts";
import type { KernelName, Value } from "../kernels.ts";

/**
 * What a pool is wanted for. Its settings may differ, so that each pool shows its best:
 * - `throughput`: many tiny tasks at once;
 * - `latency`: one task at a time;
 * - `balance`: tasks of very different length, so no worker may be sent much ahead;
 * - `lazy`: the first answer counts, so start no more workers than that takes;
 * - `bulk`: megabytes at a time.
 */
export type Tuning = "throughput" | "latency" | "balance" | "lazy" | "bulk";

/** A started pool. */
export interface Session {
  /** Submits one task and gives the promise of its result. */
  run(kernel: KernelName, arg: Value): PromiseLike<unknown>;
  /** The sum of the kernel over all items, by the pool's own `map`, where it has one. */
  map?(kernel: KernelName, items: readonly number[]): Promise<number>;
  /** The same by the pool's own `imap`, result by result, where it has one. */
  imap?(kernel: KernelName, items: readonly number[]): Promise<number>;
  stop(): Promise<void>;
}

/** One library, or what anyone can do without one, over one kind of worker. */
export interface Contender {
  /** The settings it was given, for the report. */
  readonly settings: string;
  /** The longest queue for which its rate does not collapse; unlimited when left out. */
  readonly longestQueue?: number;
  start(workers: number, tuning: Tuning): Session;
  /** Runs the program `true` so many times, at most `limit` at once, for those that run programs. */
  runPrograms?(count: number, limit: number): Promise<void>;
  /** A synchronisation primitive, for those that have any. */
  primitive?(name: PrimitiveName): Primitive;
  /** A lock that is held, for those that wait without blocking the thread. */
  waits?(): Waits;
  /** Uses all primitives at random for so many milliseconds; rejects when anything is wrong. */
  soak?(ms: number): Promise<SoakFigures>;
  /** Queues, for those that have any. */
  queues?(): Queues;
  /** A manager, for those that have one. */
  manager?(): Promise<Managed>;
}

/** A dict in a manager, and who asks it for a value; each gives the milliseconds that it took. */
export interface Managed extends AsyncDisposable {
  /** So many calls of one client, one after the other. */
  alone(count: number): Promise<number>;
  /** As many calls, of so many clients of this program at once. */
  together(clients: number, count: number): Promise<number>;
  /** The same, of clients that are processes of their own. */
  apart(clients: number, count: number): Promise<number>;
}

/** What is passed through queues; each gives the milliseconds that it took. */
export interface Queues extends AsyncDisposable {
  /** So many numbers, put by `each` producers and got by as many consumers. */
  numbers(each: number, count: number): Promise<number>;
  /** Items of 1 MB: microseconds an item, and a copy into fresh memory. */
  large(count: number): Promise<{ us: number; copy: number }>;
  /** So many numbers to another process. */
  toChild(count: number): Promise<number>;
  /** A number there and back through a pipe, so many times. */
  pipe(count: number): Promise<number>;
}

/** Whether a primitive blocks the thread or gives promises. */
export type Style = "sync" | "async";

/** A synchronisation primitive at work. */
export interface Primitive {
  /** Uses it `count` times in a row in this thread, which never has to wait. */
  readonly alone: { readonly [style in Style]?: (count: number) => Promise<void> | void };
  /** Hands over `count` times from one thread to another; gives the milliseconds that it took. */
  readonly handOver: { readonly [style in Style]?: (count: number) => Promise<number> };
}

/** A lock and who waits for it. */
export interface Waits {
  /** Makes `count` waits at once; the promise is of their having been granted, one after the other. */
  make(count: number): Promise<unknown>;
  /** Releases the lock, which is held again when all that wait have had it. */
  grant(): void;
}

/** What happened in a soak. */
export interface SoakFigures {
  readonly operations: number;
  readonly kills: number;
}

/** The `start` of those that are no pools. */
export function noWorkers(): never {
  throw new Error("Cannot start workers: it is no pool");
}

/**
 * Submits one task for each argument in one go and waits for all of them, the same way for every
 * contender: the way a user of promises would.
 */
export async function runMany(
  session: Session,
  kernel: KernelName,
  args: readonly number[],
): Promise<void> {
  await Promise.all(args.map((arg) => session.run(kernel, arg)));
}

/** `count` arguments for kernels that do not look at theirs. */
export function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

/** Brings all code paths of a fresh pool to their steady state, then lets it fall idle. */
export async function settle(session: Session, kernel: KernelName, tasks: number): Promise<void> {
  const args = zeros(tasks);
  await runMany(session, kernel, args.slice(0, 100));
  for (let i = 0; i < Math.min(tasks, 300); i++) await session.run(kernel, 0);
  await runMany(session, kernel, args);
  await new Promise((resolve) => setTimeout(resolve, 100));
}
