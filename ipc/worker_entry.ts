/**
 * The main module of a pool's Web Worker; the parent's side is `_launch_worker.ts`.
 *
 * @module
 */

import { holdForLife } from "./_life_lock.ts";
import type { FromWorker, RunMessage, StartMessage, ToWorker } from "./_protocol.ts";
import type { Loaders } from "./_resolve_callable.ts";
import { ParentService } from "./_serve_parent.ts";

/** A worker's global scope, as far as it is used here. */
interface WorkerScope extends EventTarget {
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** The first message to a Web Worker. */
export interface WorkerStartMessage extends StartMessage {
  /** The Web Lock that it holds for life. */
  lifeLock: string;
  /** Tasks that were there at the start: a message less before the first answer. */
  first: RunMessage | null;
}

/**
 * Serves the parent of this worker until it ends.
 *
 * @param loaders Imports of modules that the worker may lack permission to import by URL.
 */
export function serveParent(loaders: Loaders): void {
  const scope = globalThis as unknown as WorkerScope;
  const post = scope.postMessage.bind(scope) as (
    message: FromWorker,
    transfer: Transferable[],
  ) => void;
  const close = scope.close.bind(scope);
  const postLast = (message: FromWorker) => post(message, []);
  const service = new ParentService({ post, postLast, end: close }, loaders);
  scope.postMessage = () => {
    throw new TypeError(
      "Cannot post a message: this worker belongs to a pool: return the value, or pass the task a port",
    );
  };
  scope.addEventListener("message", (event) => {
    // The channel is Herd's alone: user code that listens would mistake its messages for its own.
    event.stopImmediatePropagation();
    const message = (event as MessageEvent<ToWorker>).data;
    if (message.kind !== "start") return service.receive(message);
    const { lifeLock, first } = message as WorkerStartMessage;
    holdForLife(lifeLock);
    if (first !== null) service.receive(first);
    service.start(message);
  });
}

if (import.meta.main) serveParent({});
