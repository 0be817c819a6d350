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
import { HeapWatch } from "./workers/_heap_watch.ts";
import { holdForLife, isStoppable } from "./workers/_life_lock.ts";
import { postThrough, takeData } from "./workers/_node_threads.ts";
import {
  ANSWER_HEAD,
  type FromWorker,
  RUN_HEAD,
  type StartMessage,
  type ToWorker,
} from "./workers/_protocol.ts";
import type { Loaders } from "./values/_resolve_callable.ts";
import { ParentService } from "./workers/_serve_parent.ts";
import { loadTaskContext } from "./workers/_task_context.ts";
import type { ThreadLinks } from "./workers/_thread_host.ts";
import type { ThreadStartMessage } from "./workers/_thread_start.ts";
import { refusePosts, scope } from "./workers/_worker_scope.ts";

/** What a killable thread gets beside its tasks: its start, and the request to end, whatever it does. */
export type ThreadControl = ThreadStartMessage | "end";

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
  const { tasks, control, imports } = takeData() as unknown as ThreadLinks;
  const close = scope.close.bind(scope);
  let lifeLock = "";

  const post = (message: FromKillable, transfer: Transferable[] = []) =>
    postThrough(tasks, message, transfer);
  const service = new ParentService({
    objectLink: { sharesMemory: true, post: (message) => post(message) },
    loadObjects: () => import("./objects/_object_support.ts"),
    post(message, transfer) {
      post(message, transfer);
      if (message.kind === "answers") watch.answered(message.heads.length / ANSWER_HEAD);
    },
    postLast: post,
    end: close,
    departure: null,
    async ready() {
      // Not later, as in other workers: it loads a module.
      await loadTaskContext();
      holdForLife(lifeLock);
      if (await isStoppable(lifeLock)) tasks.onmessage = ({ data }) => receive(data);
      else {
        throw new RuntimeError(
          `Cannot run tasks in a killable thread: Deno ${Deno.version.deno} would not stop it by force: ` +
            "leave killable out, or use processes",
        );
      }
    },
    async aroundImport(load) {
      Atomics.add(imports, 0, 1);
      try {
        return await load();
      } finally {
        Atomics.sub(imports, 0, 1);
      }
    },
  }, loaders);
  const watch = new HeapWatch(() => {
    service.finish();
    post({ kind: "memory" });
    close();
  });
  refusePosts();

  const receive = (message: Exclude<ToWorker, StartMessage>) => {
    if (message.kind === "run") watch.got(message.heads.length / RUN_HEAD);
    service.receive(message);
  };
  control.onmessage = ({ data }: MessageEvent<ThreadControl>) => {
    if (data === "end") return close();
    ({ lifeLock } = data);
    service.start(data);
  };
}

if (import.meta.main) serveParent({}, []);
