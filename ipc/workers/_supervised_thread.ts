/**
 * A thread of `node:worker_threads` that may do less than this realm.
 *
 * Such threads have no permissions of their own but share those of the realm that starts them. So they
 * are started by a Web Worker, which has what they shall have; its side is `supervisor_entry.ts`.
 */

import { entryModule } from "../processes/_entry_module.ts";
import { type HostedThread, movedLinks, type ThreadEnd, type ThreadSpec } from "./_thread_host.ts";
import { refWorker } from "./_worker_ref.ts";
import type { FromSupervisor, ToSupervisor } from "../supervisor_entry.ts";

const ENTRY = new URL("../supervisor_entry.ts", import.meta.url);

/** Starts a thread that may do what `permissions` say; it does not keep the program alive. */
export function startSupervised(
  spec: ThreadSpec,
  permissions: Deno.PermissionOptions,
  ended: (end: ThreadEnd) => void,
): HostedThread {
  const url = entryModule({ entry: ENTRY.href, serve: "supervise", modules: [] });
  const supervisor = new Worker(url, {
    type: "module",
    name: `supervisor of ${spec.name}`,
    deno: { permissions },
  });
  refWorker(supervisor, false);
  const stopped = Promise.withResolvers<void>();
  supervisor.onmessage = ({ data }: MessageEvent<FromSupervisor>) => {
    if (data === "stopped") stopped.resolve();
    else ended(data);
  };
  supervisor.onerror = (event) => {
    event.preventDefault();
    ended({ code: 1, outOfMemory: false, error: event.message });
  };
  supervisor.postMessage(spec satisfies ToSupervisor, movedLinks(spec.links));
  return {
    stop() {
      supervisor.postMessage("stop" satisfies ToSupervisor);
      return stopped.promise;
    },
    release: () => supervisor.terminate(),
  };
}
