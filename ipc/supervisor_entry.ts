/**
 * The main module of a Web Worker that holds a killable thread, which can do no more than it may itself;
 * the parent's side is `_supervised_thread.ts`. No message to or from the thread passes here.
 *
 * @module
 */

import {
  type HostedThread,
  startThread,
  type ThreadEnd,
  type ThreadSpec,
} from "./workers/_thread_host.ts";

/** What the parent sends: a thread to start, once, and that it shall be stopped by force. */
export type ToSupervisor = ThreadSpec | "stop";

/** What it gets: that the thread has been stopped by force, or how it ended. */
export type FromSupervisor = "stopped" | ThreadEnd;

/** Starts a thread for the parent, and tells it of the thread's end. */
export function supervise(): void {
  const scope = globalThis as unknown as { postMessage(message: FromSupervisor): void };
  let thread: HostedThread | undefined;
  addEventListener("message", (event) => {
    const { data } = event as MessageEvent<ToSupervisor>;
    if (data === "stop") thread?.stop().then(() => scope.postMessage("stopped"));
    else thread = startThread(data, (end) => scope.postMessage(end));
  });
}
