/**
 * The main module of a {@linkcode Process}; the parent's side is `_launch_target.ts`.
 *
 * It lives as every program of Deno's: it ends when its target has returned and nothing is left to
 * do, by `Deno.exit`, or of an uncaught error. Besides that the end of the channel is its end, since the
 * parent is gone then.
 *
 * @module
 */

import { fromBytes, toBytes } from "./bytes/_bytes.ts";
import { carryOut, reportUncaught } from "./processes/_carry_out.ts";
import { type ChildLink, type LinkSettings, linkToParent } from "./processes/_child_link.ts";
import { setMainModule } from "./values/_main_module.ts";
import { isObjectMessage, type ObjectMessage } from "./objects/_object_protocol.ts";
import { ObjectPort } from "./objects/_object_port.ts";
import type { ProcessMessage, TargetMessage } from "./workers/_protocol.ts";
import { type Loaders, Resolver } from "./values/_resolve_callable.ts";
import { setThisProcess, thisProcess } from "./processes/_this_process.ts";
import { setThisResolver } from "./values/_this_resolver.ts";
import { setCurrentProcess } from "./current_process.ts";
import { Process } from "./process.ts";

/**
 * Milliseconds that an orphan has for what it wants to put in order. Longer, and more of them are about;
 * shorter than the looks of `_parent_life.ts`, and nobody would learn of the parent's end.
 */
const LAST_MOMENTS = 200;

const { exit } = Deno;
const { error: print } = console;

/** What the parent asks for. */
interface Order {
  readonly process: ProcessMessage;
  readonly target: TargetMessage;
}

/**
 * Does what the parent of this process asks for.
 *
 * @param loaders Imports of modules that the process may lack permission to import by URL.
 * @param settings How to reach it.
 * @param revoke Permissions to give back before any other code runs.
 */
export async function runTarget(
  loaders: Loaders,
  settings: LinkSettings,
  revoke: readonly Deno.PermissionDescriptor[],
): Promise<void> {
  const link = await linkToParent(settings, revoke);
  const objects = new ObjectPort({
    sharesMemory: false,
    sendsAhead: true,
    post: (message) => link.send(toBytes(message)),
    waits: (on) => link.hold(on),
  });
  addEventListener("unload", () => {
    // What was sent may not have left; what goes along with it says nothing.
    if (objects.flush()) link.sendLast(toBytes(NOTHING_TAKEN));
  });
  const { process, target } = await receiveOrder(link, objects);
  setThisProcess({ record: process.process, counts: null });
  setMainModule(process.mainModule);
  const settled = expectToSettle();
  try {
    const resolver = new Resolver(process.modules, loaders);
    setThisResolver(resolver);
    await carryOut(process, target, {
      resolver,
      base: Process,
      record: thisProcess(),
      prepareFor: async () => void await import("./objects/_shared_classes.ts"),
      objects: () => objects,
      made: setCurrentProcess,
    });
    settled();
  } catch (error) {
    settled();
    reportUncaught(`process ${JSON.stringify(thisProcess().name)}`, error);
    exit(1);
  }
}

const NOTHING_TAKEN: ObjectMessage = { kind: "taken", object: 0, taken: 0, keeps: true };

async function receiveOrder(link: ChildLink, objects: ObjectPort): Promise<Order> {
  const { promise, resolve } = Promise.withResolvers<Order>();
  let process: ProcessMessage;
  const orphaned = () => Deno.unrefTimer(setTimeout(() => exit(1), LAST_MOMENTS));
  link.receive((parts) => {
    const message = fromBytes(parts) as ProcessMessage | TargetMessage | ObjectMessage;
    if (isObjectMessage(message)) objects.receive(message);
    else if (message.kind === "process") process = message;
    else {
      link.hold(false);
      resolve({ process, target: message });
    }
  }).then(orphaned, orphaned);
  return await promise;
}

/** Reports, at the end, a target that has not come to one; what is returned says that it has. */
function expectToSettle(): () => void {
  let settled = false;
  /** Whether nothing is left to do; else it is ended by a call, which is all right. */
  let idle = false;
  addEventListener("beforeunload", () => idle = true);
  addEventListener("unload", () => {
    if (settled || !idle) return;
    print(
      `error: Process ${JSON.stringify(thisProcess().name)} ended before its target did: ` +
        `the target awaits a promise that nothing is left to settle`,
    );
    Deno.exitCode = 1;
  });
  return () => void (settled = true);
}
