/**
 * The global scope of a worker thread.
 */

/** A worker's global scope, as far as it is used here. */
export interface WorkerScope extends EventTarget {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  close(): void;
}

/** The scope of this thread. */
export const scope = globalThis as unknown as WorkerScope;

/**
 * Keeps messages of the user's from the parent, who would mistake them for its own.
 *
 * @param why Completes "Cannot post a message: ": whose worker it is, and what to do.
 */
export function refusePosts(
  why = "this worker belongs to a pool: return the value, or pass the task a port",
): void {
  scope.postMessage = () => {
    throw new TypeError(`Cannot post a message: ${why}`);
  };
}
