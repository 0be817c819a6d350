/**
 * The main module of a pool's killable thread; the parent's side is `_launch_killable.ts`.
 *
 * Deno stops a thread by force only while it holds a Web Lock. It takes the lock when the user's modules
 * are loaded and the initializer has run: to stop a thread while Deno loads a module of its own into it
 * would end the program.
 *
 * @module
 */

import { RuntimeError } from "../sync/errors.ts";
import { HeapWatch } from "./_heap_watch.ts";
import { holdForLife, isStoppable } from "./_life_lock.ts";
import { postThrough, takePort } from "./_node_threads.ts";
import {
  ANSWER_HEAD,
  type FromWorker,
  RUN_HEAD,
  type StartMessage,
  type ToWorker,
} from "./_protocol.ts";
import type { Loaders } from "./_resolve_callable.ts";
import { ParentService } from "./_serve_parent.ts";
import { loadTaskContext } from "./_task_context.ts";
import type { ThreadStartMessage } from "./_thread_start.ts";
import { guardScope, nativeScope } from "./_worker_scope.ts";

/** What a killable thread gets. */
export type ToKillable = ToWorker | EndMessage;

/** Asks the thread to end, whatever it does. */
export interface EndMessage {
  kind: "end";
}

/** What a killable thread sends. */
export type FromKillable = FromWorker | MemoryMessage;

/** It ran out of memory: its last message. */
export interface MemoryMessage {
  kind: "memory";
}

/**
 * Serves the parent of this thread until it ends.
 *
 * @param loaders Imports of modules that the thread may lack permission to import by URL.
 * @param revoke Permissions to give back before any other code runs.
 */
export function serveParent(
  loaders: Loaders,
  revoke: readonly Deno.PermissionDescriptor[],
): void {
  for (const permission of revoke) Deno.permissions.revokeSync(permission);
  // Node's threads have none, but are asked for it by code that was written for Web Workers.
  Object.defineProperty(globalThis, "self", { value: globalThis, writable: true });
  const port = takePort();
  const native = nativeScope();
  let lifeLock = "";

  const post = (message: FromKillable, transfer: Transferable[] = []) =>
    postThrough(port, message, transfer);
  const service = new ParentService({
    post(message, transfer) {
      post(message, transfer);
      if (message.kind === "answers") watch.answered(message.heads.length / ANSWER_HEAD);
    },
    postLast: post,
    end: native.close,
    async ready() {
      // Not later, as in other workers: it loads a module.
      await loadTaskContext();
      holdForLife(lifeLock);
      if (await isStoppable(lifeLock)) return;
      throw new RuntimeError(
        `Cannot run tasks in a killable thread: Deno ${Deno.version.deno} would not stop it by force: ` +
          "leave killable out, or use processes",
      );
    },
  }, loaders);
  const watch = new HeapWatch(() => {
    service.finish();
    post({ kind: "memory" });
    native.close();
  });
  guardScope(service, native);

  const receive = (message: Exclude<ToKillable, StartMessage>) => {
    if (message.kind === "end") return native.close();
    if (message.kind === "run") watch.got(message.heads.length / RUN_HEAD);
    service.receive(message);
  };
  port.onmessage = ({ data: message }: MessageEvent<ToKillable>) => {
    if (message.kind !== "start") return receive(message);
    const start = message as ThreadStartMessage;
    ({ lifeLock } = start);
    if (start.first !== null) receive(start.first);
    service.start(start);
  };
}

if (import.meta.main) serveParent({}, []);
