/**
 * What a process or thread does that was started for one thing: gets its object, and runs it.
 * `_work_order.ts` is the other end.
 */

import { decode, type Importer, sharesObjects } from "../values/_codec.ts";
import { decodeError } from "../values/_error_codec.ts";
import { hideOwnFrames } from "../values/_own_frames.ts";
import { Inherited } from "./_own_work.ts";
import type { TargetMessage, WorkMessage } from "../workers/_protocol.ts";
import type { AnyFunction, Resolver } from "../values/_resolve_callable.ts";
import { setPreparing } from "./_this_process.ts";
import type { CallDescription } from "../callable.ts";
import { RunningTask } from "../current_task.ts";

/** An object of the class that the order is for: what runs is its `run`. */
interface Runnable {
  readonly name: string;
  run(): unknown;
}

/** What carries it out: a process, or a thread. */
export interface Role {
  /** The class of the object, if it is of no subclass. */
  readonly base: new () => Runnable;
  /** What the object stands for. */
  readonly record: { readonly name: string };
  /** The object is made: it is the current one. */
  made(object: Runnable): void;
}

/** What the realm that carries it out knows. */
export interface Surroundings extends Role {
  readonly resolver: Resolver;
  /** Gets ready to receive shared objects; called before any is received. */
  prepareFor(values: unknown): Promise<void>;
  /** How those come that do not come as memory. */
  objects(): Importer | undefined;
}

/**
 * Does what the order says.
 *
 * @returns Resolves when `run` has come to its end.
 */
export async function carryOut(
  message: WorkMessage,
  target: TargetMessage,
  around: Surroundings,
): Promise<void> {
  if (target.refusal !== null) throw decodeError(target.refusal);
  const { resolver, base, record } = around;
  setPreparing(record.name);
  const subclass = message.subclass && await resolveClass(message.subclass, around);
  const fn = target.call && (await resolver.resolve(target.call)).fn;
  setPreparing(null);
  if (sharesObjects(message.values)) await around.prepareFor(message.values);
  const [args, fields] = decode(message.values, around.objects()) as [
    unknown[],
    Record<string, unknown>,
  ];
  const inherited = new Inherited(record, { target: fn ?? undefined, args });
  const object: Runnable = Reflect.construct(base, [inherited], subclass ?? base);
  for (const [key, value] of Object.entries(fields)) {
    Object.defineProperty(object, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  around.made(object);
  const context = new RunningTask(target.call?.name || record.name, NEVER_STOPPED, 0);
  await context.run(() => object.run());
}

async function resolveClass(
  call: CallDescription,
  { resolver, base }: Surroundings,
): Promise<AnyFunction> {
  const { fn } = await resolver.resolve(call);
  if (fn.prototype instanceof base) return fn;
  throw new TypeError(
    `Cannot run ${call.name}: what module ${call.url} exports is no subclass of this ${base.name}: ` +
      `let it import the same Herd as the program`,
  );
}

const NEVER_STOPPED = { stopRequested: () => false };

const { error: print } = console;

/**
 * Reports what ends a process or thread as it ends any program of Deno's.
 *
 * @param who Such as `thread "Thread-1"`.
 */
export function reportUncaught(who: string, error: unknown): void {
  print(`error: Uncaught (in ${who}) ${traceback(error)}`);
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
