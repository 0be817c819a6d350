/**
 * The main module of a pool's Web Worker; the parent's side is `_launch_worker.ts`.
 *
 * @module
 */

import { holdForLife } from "./workers/_life_lock.ts";
import type { RunMessage } from "./workers/_protocol.ts";
import type { Loaders } from "./values/_resolve_callable.ts";
import { ParentService } from "./workers/_serve_parent.ts";
import { objectLoader } from "./objects/_shared_objects.ts";
import type { ThreadStartMessage } from "./workers/_thread_start.ts";
import { WorkerLink } from "./workers/_worker_link.ts";
import { refusePosts, scope } from "./workers/_worker_scope.ts";

/** The first message to a Web Worker. */
export interface WorkerStartMessage extends ThreadStartMessage {
  /** Cards of small tasks. */
  cards: SharedArrayBuffer;
  /** Where the next small task may come. */
  hatch: SharedArrayBuffer;
  /** Tasks that were there at the start: a message less before the first answer. */
  first: RunMessage | null;
}

/**
 * Serves the parent of this worker until it ends.
 *
 * @param loaders Imports of modules that the worker may lack permission to import by URL.
 */
export function serveParent(loaders: Loaders): void {
  const link = new WorkerLink(
    scope.postMessage.bind(scope),
    scope.close.bind(scope),
    objectLoader(loaders),
  );
  const service = new ParentService(link, loaders);
  refusePosts();
  scope.addEventListener("message", (event) => {
    // The channel is Herd's alone: user code that listens would mistake its messages for its own.
    event.stopImmediatePropagation();
    const message = link.read((event as MessageEvent).data);
    if (message.kind !== "start") return service.receive(message);
    const { lifeLock, first, cards, hatch } = message as WorkerStartMessage;
    holdForLife(lifeLock);
    link.open(cards, hatch, service);
    if (first !== null) service.receive(first);
    service.start(message);
  });
}

if (import.meta.main) serveParent({});
