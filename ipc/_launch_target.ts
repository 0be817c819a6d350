/**
 * Starts the child of a {@linkcode Process}; its own side is `target_entry.ts`.
 */

import { fromBytes, toBytes } from "./_bytes.ts";
import { Child, type ChildSpec } from "./_child.ts";
import { encode, explainCloneError, firstUnsendable } from "./_codec.ts";
import { encodeError } from "./_error_codec.ts";
import { mainModule } from "./_main_module.ts";
import { isObjectMessage, type ObjectMessage } from "./_object_protocol.ts";
import { ObjectPort } from "./_object_port.ts";
import type { ProcessMessage, TargetMessage } from "./_protocol.ts";
import type { ProcessRecord } from "./_this_process.ts";
import type { Call, CallDescription } from "./callable.ts";

/** What a process is to be, and to do. */
export interface TargetSetup {
  readonly process: ProcessRecord;
  /** Where the class is, for a subclass. */
  readonly subclass: CallDescription | null;
  readonly target: Call | null;
  readonly args: readonly unknown[];
  /** A subclass's own fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly modules: readonly string[];
}

/**
 * Starts it at once. Its target may still have to be looked at, and follows.
 *
 * @throws {DOMException} When the arguments or fields can't be cloned; nothing has started then.
 * @throws {ValueError} When they are too long for a message; nothing has started then.
 */
export function launchTarget(setup: TargetSetup, spec: ChildSpec): Child {
  // Not the setup itself: its arguments are let go of.
  const { process: { name }, target } = setup;
  const objects = new ObjectPort({
    sharesMemory: false,
    post: (message) => child.send(toBytes(message)),
    name: () => `${name} (process ${child.pid})`,
  });
  const first = firstMessage(setup, objects);
  const child = new Child(spec, {
    message: (parts) => objects.receive(objectMessage(fromBytes(parts))),
    ended: () => objects.close(),
  });
  child.send(first);
  const sendTarget = () => child.send(toBytes(targetMessage(target)));
  if (target?.described === undefined) sendTarget();
  else target.described.then(sendTarget);
  return child;
}

/** What else a child sends is no message of Herd's. */
function objectMessage(message: unknown): ObjectMessage {
  if (isObjectMessage(message as { kind: string })) return message as ObjectMessage;
  throw new TypeError("Cannot use a message from a process: it is of no known kind");
}

function firstMessage(setup: TargetSetup, objects: ObjectPort): Uint8Array[] {
  const { process, subclass, args, fields, modules } = setup;
  try {
    const transfer: Transferable[] = [];
    const message: ProcessMessage = {
      kind: "process",
      process,
      mainModule: mainModule(),
      modules,
      subclass,
      values: encode([args, fields], transfer, objects),
    };
    return toBytes(message, transfer);
  } catch (error) {
    // To look for what is to blame takes a copy of everything.
    if (!(error instanceof DOMException)) throw error;
    throw explainCloneError(error, culprit(setup));
  }
}

/** What can't be sent, in words. */
function culprit({ process, args, fields }: TargetSetup): string {
  const argument = firstUnsendable(args);
  if (argument !== undefined) return `argument ${argument.index + 1} of ${process.name}`;
  const field = firstUnsendable(Object.values(fields));
  if (field !== undefined) return `field ${Object.keys(fields)[field.index]} of ${process.name}`;
  return `the arguments of ${process.name}`;
}

function targetMessage(target: Call | null): TargetMessage {
  return {
    kind: "target",
    call: target?.description ?? null,
    refusal: target?.refusal === undefined ? null : encodeError(target.refusal),
  };
}
