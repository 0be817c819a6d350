/**
 * `node:worker_threads`, whose threads can be stopped by force.
 *
 * It is loaded when it is first used: that takes 12 ms, and puts Node's MessageChannel in the place of
 * Deno's.
 */

import type * as WorkerThreads from "node:worker_threads";
import { RuntimeError } from "../../sync/errors.ts";

/** The part of Node's `process`, which every realm of Deno has, that is used here. */
interface Process {
  getBuiltinModule(name: "node:worker_threads"): typeof WorkerThreads;
}

/** The module; the first call loads it. */
export function nodeThreads(): typeof WorkerThreads {
  const { process } = globalThis as unknown as { process: Process };
  return process.getBuiltinModule("node:worker_threads");
}

/** A MessagePort of Node's: it has a `close` event, and need not keep its realm alive. */
export interface ThreadPort extends MessagePort {
  ref(): void;
  unref(): void;
}

/** Both ends of a new way between threads. */
export function newPorts(): [ThreadPort, ThreadPort] {
  const { MessageChannel } = nodeThreads();
  const { port1, port2 } = new MessageChannel();
  return [port1, port2] as unknown as [ThreadPort, ThreadPort];
}

/** In a thread: what it was started with, which the user's code will not find any more. */
export function takeData(): Record<string, unknown> {
  const { workerData } = nodeThreads();
  const taken = { ...workerData };
  for (const key of Object.keys(workerData)) delete workerData[key];
  return taken;
}

/** Posts by the quick way, where there is nothing to transfer. */
export function postThrough(port: ThreadPort, message: unknown, transfer: Transferable[]): void {
  if (transfer.length === 0) port.postMessage(message);
  else port.postMessage(message, transfer);
}

/** The first Deno that stops a thread by force; major, minor and patch. */
const FIRST_DENO = [2, 9, 4];

/**
 * Throws when this Deno can't stop a thread by force.
 *
 * @param what Completes "Cannot …".
 * @throws {RuntimeError} Naming the version that can.
 */
export function checkStopsThreads(what: string, version: string = Deno.version.deno): void {
  const given = version.split(/[.+-]/).slice(0, 3).map(Number);
  const differs = given.findIndex((part, i) => part !== FIRST_DENO[i]);
  if (differs === -1 || given[differs]! > FIRST_DENO[differs]!) return;
  throw new RuntimeError(
    `Cannot ${what}: Deno ${version} can't stop a thread by force, which killable needs: ` +
      `Deno ${FIRST_DENO.join(".")} or later is wanted`,
  );
}
