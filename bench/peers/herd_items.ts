/** What Herd's workers do with queues in the bench. */
import type { Barrier, Connection, Queue } from "@herd/concurrent";

const MEGABYTE = 2 ** 20;
/** Items before the first that is timed, and copies. */
const WARM_UP = 10;

/** Puts its share of the numbers, together with the others. */
export function putNumbers(queue: Queue<number>, count: number, all: Barrier): void {
  all.waitSync();
  for (let i = 0; i < count; i++) queue.putSync(i);
}

/** Gets its share; the milliseconds from the common start to its end. */
export function getNumbers(queue: Queue<number>, count: number, all: Barrier): number {
  all.waitSync();
  const start = performance.now();
  for (let i = 0; i < count; i++) queue.getSync();
  return performance.now() - start;
}

/** The same by promises, for who has the queue in another process. */
export async function awaitNumbers(queue: Queue<number>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await queue.get();
}

/** Puts large items. */
export function putLarge(queue: Queue<Uint8Array>, count: number): void {
  const item = new Uint8Array(MEGABYTE).fill(1);
  for (let i = 0; i < count + WARM_UP; i++) queue.putSync(item);
}

/** Gets them; microseconds an item. */
export function getLarge(queue: Queue<Uint8Array>, count: number): number {
  for (let i = 0; i < WARM_UP; i++) queue.getSync();
  const start = performance.now();
  for (let i = 0; i < count; i++) queue.getSync();
  return (performance.now() - start) * 1e3 / count;
}

/** Sends numbers through a pipe, and waits for each to come back; milliseconds. */
export function ask(end: Connection, count: number): number {
  for (let i = 0; i < WARM_UP; i++) thereAndBack(end, i);
  const start = performance.now();
  for (let i = 0; i < count; i++) thereAndBack(end, i);
  return performance.now() - start;
}

function thereAndBack(end: Connection, n: number): void {
  end.sendSync(n);
  end.recvSync();
}

/** Sends them back. */
export function answer(end: Connection, count: number): void {
  for (let i = 0; i < count + WARM_UP; i++) end.sendSync(end.recvSync());
}

/** Copies as many bytes into fresh memory; microseconds a copy. */
export function copyLarge(count: number): number {
  const item = new Uint8Array(MEGABYTE).fill(1);
  for (let i = 0; i < WARM_UP; i++) item.slice();
  const start = performance.now();
  for (let i = 0; i < count; i++) item.slice();
  return (performance.now() - start) * 1e3 / count;
}
