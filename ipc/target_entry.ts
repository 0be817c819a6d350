/**
 * The main module of a {@linkcode Process}; the parent's side is `_launch_target.ts`.
 *
 * It lives as every program of Deno's: it ends when its target has returned and nothing is left to
 * do, by `Deno.exit`, or of an uncaught error. Besides that the end of the channel is its end, since the
 * parent is gone then.
 *
 * @module
 */

import { fromBytes, toBytes } from "./_bytes.ts";
import { type ChildLink, type LinkSettings, linkToParent } from "./_child_link.ts";
import { decode, sharesObjects } from "./_codec.ts";
import { decodeError } from "./_error_codec.ts";
import { setMainModule } from "./_main_module.ts";
import { isObjectMessage, type ObjectMessage } from "./_object_protocol.ts";
import { ObjectPort } from "./_object_port.ts";
import { hideOwnFrames } from "./_own_frames.ts";
import { Inherited } from "./_process_work.ts";
import type { ProcessMessage, TargetMessage } from "./_protocol.ts";
import { type AnyFunction, type Loaders, Resolver } from "./_resolve_callable.ts";
import { setPreparing, setThisProcess, thisProcess } from "./_this_process.ts";
import { setThisResolver } from "./_this_resolver.ts";
import type { CallDescription } from "./callable.ts";
import { setCurrentProcess } from "./current_process.ts";
import { RunningTask } from "./current_task.ts";
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
    post: (message) => link.send(toBytes(message)),
    waits: (on) => link.hold(on),
  });
  const { process, target } = await receiveOrder(link, objects);
  setThisProcess({ record: process.process, children: null });
  setMainModule(process.mainModule);
  const settled = expectToSettle();
  try {
    const resolver = new Resolver(process.modules, loaders);
    setThisResolver(resolver);
    await carryOut({ process, target }, resolver, objects);
    settled();
  } catch (error) {
    settled();
    print(`error: Uncaught (in process ${JSON.stringify(thisProcess().name)}) ${traceback(error)}`);
    exit(1);
  }
}

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

async function carryOut(
  { process: message, target }: Order,
  resolver: Resolver,
  objects: ObjectPort,
): Promise<void> {
  if (target.refusal !== null) throw decodeError(target.refusal);
  setPreparing(true);
  const subclass = message.subclass && await resolveClass(message.subclass, resolver);
  const fn = target.call && (await resolver.resolve(target.call)).fn;
  setPreparing(false);
  if (sharesObjects(message.values)) await import("./_shared_classes.ts");
  const [args, fields] = decode(message.values, objects) as [unknown[], Record<string, unknown>];
  const inherited = new Inherited(thisProcess(), { target: fn ?? undefined, args });
  const process: Process = Reflect.construct(Process, [inherited], subclass ?? Process);
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(process, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  setCurrentProcess(process);
  const context = new RunningTask(target.call?.name || process.name, NEVER_STOPPED, 0);
  await context.run(() => process.run());
}

async function resolveClass(call: CallDescription, resolver: Resolver): Promise<AnyFunction> {
  const { fn } = await resolver.resolve(call);
  if (fn.prototype instanceof Process) return fn;
  throw new TypeError(
    `Cannot run ${call.name}: what module ${call.url} exports is no subclass of this Process: ` +
      `let it import the same Herd as the program`,
  );
}

const NEVER_STOPPED = { stopRequested: () => false };

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

/** What was thrown, with its stack and causes, as Deno shows it. */
function traceback(error: unknown): string {
  try {
    hideOwnFrames(error);
  } catch {
    // What was thrown does not want to be looked at, or has no end.
  }
  try {
    return Deno.inspect(error);
  } catch {
    return "an error that can't be shown";
  }
}
