/**
 * The globals of a worker thread that reach its parent, or end it.
 */

import type { Post } from "./_outbox.ts";
import type { ParentService } from "./_serve_parent.ts";

/** A worker's global scope, as far as it is used here. */
interface WorkerScope extends EventTarget {
  postMessage: Post;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;

/** What the globals did before {@linkcode guardScope}. */
export interface NativeScope {
  readonly post: Post;
  /** Ends the worker, once the running code lets the event loop turn. */
  readonly close: () => void;
}

/** The globals as they are; for an entry, before the user's code can see them. */
export function nativeScope(): NativeScope {
  return { post: scope.postMessage.bind(scope), close: scope.close.bind(scope) };
}

/** Has `self.close()` tell the parent, and keeps the user's messages from it. */
export function guardScope(service: ParentService, { close }: NativeScope): void {
  scope.close = () => {
    service.exits("self.close()");
    close();
  };
  scope.postMessage = () => {
    throw new TypeError(
      "Cannot post a message: this worker belongs to a pool: return the value, or pass the task a port",
    );
  };
}
