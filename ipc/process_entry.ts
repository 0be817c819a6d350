/**
 * The main module of a pool's child process; the parent's side is `_launch_process.ts`.
 *
 * The end of the channel is the end of the child: nobody wants its answers any more.
 *
 * @module
 */

import { type LinkSettings, linkToParent } from "./processes/_child_link.ts";
import { messageFromBytes, messageToBytes } from "./bytes/_message_bytes.ts";
import type { ToWorker } from "./workers/_protocol.ts";
import type { Loaders } from "./values/_resolve_callable.ts";
import { ParentService } from "./workers/_serve_parent.ts";
import { objectLoader } from "./objects/_shared_objects.ts";

const exit = Deno.exit;

/**
 * Serves the parent of this process until either ends.
 *
 * @param loaders Imports of modules that the process may lack permission to import by URL.
 * @param settings How to reach it.
 * @param revoke Permissions to give back before any other code runs.
 */
export async function serveParent(
  loaders: Loaders,
  settings: LinkSettings,
  revoke: readonly Deno.PermissionDescriptor[],
): Promise<void> {
  const link = await linkToParent(settings, revoke);
  const service: ParentService = new ParentService({
    objectLink: {
      sharesMemory: false,
      sendsAhead: true,
      post: (message) => link.send(messageToBytes(message)),
    },
    loadObjects: objectLoader(loaders),
    post: (message, transfer) => {
      const bytes = messageToBytes(message, transfer);
      service.flushObjects();
      link.send(bytes);
    },
    departure: () => link.drained(),
    postLast: (message) => {
      service.flushObjects();
      link.sendLast(messageToBytes(message));
    },
    end: () => exit(1),
  }, loaders);
  // Ctrl-C goes to all processes of a terminal: what becomes of the tasks is the parent's to decide.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGINT", () => {});
  await link.receive((parts) => {
    const message = messageFromBytes(parts) as ToWorker;
    if (message.kind === "start") service.start(message);
    else service.receive(message);
  });
  exit(0);
}
