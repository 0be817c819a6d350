/**
 * The main module of a pool's Web Worker; the parent's side is `_launch_worker.ts`.
 *
 * @module
 */

import { holdForLife } from "./_life_lock.ts";
import type { ToWorker } from "./_protocol.ts";
import type { Loaders } from "./_resolve_callable.ts";
import { ParentService } from "./_serve_parent.ts";
import type { ThreadStartMessage } from "./_thread_start.ts";
import { guardScope, nativeScope } from "./_worker_scope.ts";

/**
 * Serves the parent of this worker until it ends.
 *
 * @param loaders Imports of modules that the worker may lack permission to import by URL.
 */
export function serveParent(loaders: Loaders): void {
  const native = nativeScope();
  const { post, close } = native;
  const service = new ParentService({
    post,
    postLast: (message) => post(message, []),
    end: close,
  }, loaders);
  guardScope(service, native);
  addEventListener("message", (event) => {
    // The channel is Herd's alone: user code that listens would mistake its messages for its own.
    event.stopImmediatePropagation();
    const message = (event as MessageEvent<ToWorker>).data;
    if (message.kind !== "start") return service.receive(message);
    const { lifeLock, first } = message as ThreadStartMessage;
    holdForLife(lifeLock);
    if (first !== null) service.receive(first);
    service.start(message);
  });
}

if (import.meta.main) serveParent({});
