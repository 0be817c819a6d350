/** What the workers of a manager's pool call. */

import { type PoolProxy, task } from "../../mod.ts";

let greeting = "";

export function greet(text: string): void {
  greeting = text;
}

export function readGreeting(): string {
  return greeting;
}

export function square(n: number): number {
  return n * n;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function fail(text: string): never {
  throw new RangeError(text);
}

export async function later(n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return n;
}

const HERE = import.meta.url;

export async function getResult(result: { get(): Promise<number> }): Promise<number> {
  return await result.get();
}

/** Waits, in a task of a pool, for what that pool is to do. */
export async function waitForOwn(pool: PoolProxy, how: string): Promise<number> {
  const call = task(HERE, square);
  switch (how) {
    case "apply":
      return await pool.apply(call, [3]);
    case "map":
      return (await pool.map(call, [3]))[0]!;
    case "get":
      return await (await pool.apply_async(call, [3])).get();
    case "imap":
      for await (const n of await pool.imap(call, [3])) return n;
      throw new Error("nothing came");
    default:
      await pool.join();
      return 0;
  }
}
