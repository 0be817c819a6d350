/**
 * What a process or thread is asked to do, on its way there: its arguments at once, and its target when that
 * has been looked at. `_carry_out.ts` is the other end.
 */

import { encode, explainCloneError, type Exporter, firstUnsendable } from "../values/_codec.ts";
import { encodeError } from "../values/_error_codec.ts";
import { mainModule } from "../values/_main_module.ts";
import type { TargetMessage, WorkMessage } from "../workers/_protocol.ts";
import type { Call, CallDescription } from "../callable.ts";

/** What it is to do. */
export interface WorkOrder {
  /** What the process or thread is called. */
  readonly name: string;
  /** Where the class is, for a subclass. */
  readonly subclass: CallDescription | null;
  readonly target: Call | null;
  readonly args: readonly unknown[];
  /** A subclass's own fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly modules: readonly string[];
}

/** The part of the first message that says it. */
export function workMessage(
  { subclass, args, fields, modules }: WorkOrder,
  transfer: Transferable[],
  exporter: Exporter,
): WorkMessage {
  return {
    mainModule: mainModule(),
    modules,
    subclass,
    values: encode([args, fields], transfer, exporter),
  };
}

/** What is to be thrown in place of an error with which the first message could not be sent. */
export function explainUnsendable(error: unknown, order: WorkOrder): unknown {
  // To look for what is to blame takes a copy of everything.
  return error instanceof DOMException ? explainCloneError(error, culprit(order)) : error;
}

/** What can't be sent, in words. */
function culprit({ name, args, fields }: WorkOrder): string {
  const argument = firstUnsendable(args);
  if (argument !== undefined) return `argument ${argument.index + 1} of ${name}`;
  const field = firstUnsendable(Object.values(fields));
  if (field !== undefined) return `field ${Object.keys(fields)[field.index]} of ${name}`;
  return `the arguments of ${name}`;
}

/** Posts the second message, at once where the target need not be looked at. */
export function sendTarget(target: Call | null, post: (message: TargetMessage) => void): void {
  const send = () => post(targetMessage(target));
  if (target?.described === undefined) send();
  else target.described.then(send);
}

function targetMessage(target: Call | null): TargetMessage {
  return {
    kind: "target",
    call: target?.description ?? null,
    refusal: target?.refusal === undefined ? null : encodeError(target.refusal),
  };
}
