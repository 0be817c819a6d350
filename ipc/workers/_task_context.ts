/**
 * Which task the running code is part of, also after an `await`.
 *
 * `AsyncLocalStorage` knows, but to load it takes milliseconds, a fifth of a worker's start. So a
 * worker runs its first tasks without. They run alone, one at a time, and a variable does: the task in
 * it is the current one from its call until its promise is settled. Workers that run several tasks at a
 * time load the storage before the first.
 */

import type { AsyncLocalStorage } from "node:async_hooks";
import { setTaskSource } from "../../sync/_task_source.ts";

let storage: AsyncLocalStorage<unknown> | undefined;
let alone: unknown;

/** In place of a task: code that an import has set going. */
const IMPORTED = Symbol("imported");

/** Loads what tells tasks apart that run at the same time. */
export async function loadTaskContext(): Promise<void> {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  storage ??= new AsyncLocalStorage();
}

/** The task that the caller is part of; `undefined` outside any. */
export function taskInContext(): unknown {
  const context = storage?.getStore();
  return context === IMPORTED ? undefined : context ?? alone;
}

setTaskSource(taskInContext);

/** Imports a module: its own code, and what that leaves running, is known by {@linkcode isImported}. */
export async function importInContext<T>(load: () => Promise<T>): Promise<T> {
  await loadTaskContext();
  try {
    return await storage!.run(IMPORTED, load);
  } finally {
    await leaveImport();
  }
}

/**
 * Deno calls what has no context of its own, such as the handler of a server, in that of the import that
 * evaluated a module last. So another import has to follow, of a module that was not there before.
 */
async function leaveImport(): Promise<void> {
  await import("data:text/javascript,");
}

/** Whether the caller was set going by an import, and by no task. */
export function isImported(): boolean {
  return storage?.getStore() === IMPORTED;
}

/** Calls `fn`: it and what it awaits are part of `task`. */
export function runInContext<A extends unknown[], R>(
  task: unknown,
  fn: (...args: A) => R,
  args: A,
): R {
  if (storage !== undefined) return storage.run(task, callOnce<A, R>, fn, args);
  alone = task;
  const leave = () => {
    if (alone === task) alone = undefined;
  };
  let waits = false;
  try {
    const result = callOnce(fn, args);
    if (result instanceof Promise) {
      waits = true;
      result.then(leave, leave);
    }
    return result;
  } finally {
    if (!waits) leave();
  }
}

/**
 * Calls `fn`, and makes a promise of any other thenable that it returns: who asks a thenable twice may
 * have its work done twice, and one may answer more than once.
 */
function callOnce<A extends unknown[], R>(fn: (...args: A) => R, args: A): R {
  const result = fn(...args);
  return isThenable(result) ? Promise.resolve(result) as R : result;
}

/** Whether `await` would wait for it. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
