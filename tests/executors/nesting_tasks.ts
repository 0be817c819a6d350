/** What the tests of nested pools run: pools, in whatever they are in. */

import { type Barrier, Pool, type Queue, task, ThreadPool, ThreadPoolExecutor } from "../../mod.ts";
import { lineage, type Place, setLineage } from "../../ipc/workers/_lineage.ts";

/** What a pool's workers are, or whether it is an executor. */
export type Kind = "spawn" | "worker" | "threads";

/** A pool of that kind. */
export function poolOf(kind: Kind, processes: number): Pool | ThreadPool {
  return kind === "threads" ? new ThreadPool(processes) : new Pool({ processes, context: kind });
}

/** Squares. */
export function square(n: number): number {
  return n * n;
}

/** Adds squares up, by a pool of its own. */
export async function sumOfSquares(kind: Kind, count: number): Promise<number> {
  await using pool = poolOf(kind, 2);
  const squares = await pool.map(square, Array.from({ length: count }, (_, n) => n));
  return squares.reduce((sum, n) => sum + n, 0);
}

/** Meets all others of a barrier. */
export async function meet(barrier: Barrier): Promise<number> {
  return await barrier.wait();
}

/** Ends its worker. */
export function die(): never {
  Deno.exit(3);
}

/** Has a worker of its own pool die; what it is told of that. */
export async function innerDeath(kind: Kind): Promise<string> {
  await using pool = poolOf(kind, 1);
  const message = await pool.apply(die).catch((error) => String(error));
  return `${message}, then ${await pool.apply(square, [3])}`;
}

/** How its pool's error arrives outside. */
export async function innerError(kind: Kind): Promise<never> {
  await using pool = poolOf(kind, 1);
  return await pool.apply(raise);
}

/** Throws. */
export function raise(): never {
  throw new RangeError("raised in the innermost");
}

/** The places of a worker of a pool in a worker of a pool. */
export async function innerPlaces(kind: Kind): Promise<[outer: Place[], inner: Place[]]> {
  await using pool = poolOf(kind, 1);
  return [[...lineage()], await pool.apply(task(import.meta.url, places))];
}

/** Where the worker is. */
export function places(): Place[] {
  return [...lineage()];
}

/** What happens in a worker that is in so many pools; it is of no use afterwards. */
export async function nestedDeeply(depth: number): Promise<string> {
  setLineage(Array.from({ length: depth }, (_, n) => ({ pool: `pool ${n}`, worker: "a worker" })));
  const told: string[] = [];
  try {
    await using pool = new ThreadPool(1);
    told.push(String(await pool.apply(square, [2])));
  } catch (error) {
    told.push((error as Error).name);
  }
  try {
    await using executor = new ThreadPoolExecutor(1);
    told.push(String(await executor.submit(square, 2)));
  } catch (error) {
    told.push((error as Error).name);
  }
  return told.join();
}

/** Holds a pool of its own at a task that never ends; says in a folder which processes there are. */
export async function holdInner(folder: string): Promise<void> {
  await using pool = new Pool({ processes: 1, context: "spawn" });
  await pool.apply(holdFor, [folder]);
}

/** Leaves its process's ID, and never ends. */
export async function holdFor(folder: string): Promise<never> {
  Deno.writeTextFileSync(`${folder}/${Deno.pid}`, "");
  return await new Promise(() => setInterval(() => {}, 1000));
}

/** Asks whoever serves the queue to have its own pool work, and waits for that. */
export async function askServer(
  requests: Queue<Request>,
  answers: Queue<string>,
  n: number,
): Promise<string> {
  await requests.put({ from: [...lineage()], n });
  return await answers.get();
}

/** What {@linkcode askServer} asks for. */
export interface Request {
  readonly from: Place[];
  readonly n: number;
}
