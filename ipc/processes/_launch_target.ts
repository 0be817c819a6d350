/**
 * Starts the child of a {@linkcode Process}; its own side is `target_entry.ts`.
 */

import { fromBytes, toBytes } from "../bytes/_bytes.ts";
import { Child, type ChildSpec } from "./_child.ts";
import { isObjectMessage, type ObjectMessage } from "../objects/_object_protocol.ts";
import { ObjectPort } from "../objects/_object_port.ts";
import type { ProcessMessage } from "../workers/_protocol.ts";
import type { ProcessRecord } from "./_this_process.ts";
import { explainUnsendable, sendTarget, workMessage, type WorkOrder } from "./_work_order.ts";

/** What a process is to be, and to do. */
export interface TargetSetup extends WorkOrder {
  readonly process: ProcessRecord;
}

/**
 * Starts it at once. Its target may still have to be looked at, and follows.
 *
 * @throws {DOMException} When the arguments or fields can't be cloned; nothing has started then.
 * @throws {ValueError} When they are too long for a message; nothing has started then.
 */
export function launchTarget(setup: TargetSetup, spec: ChildSpec): Child {
  // Not the setup itself: its arguments are let go of.
  const { name, target } = setup;
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
  sendTarget(target, (message) => child.send(toBytes(message)));
  return child;
}

/** What else a child sends is no message of Herd's. */
function objectMessage(message: unknown): ObjectMessage {
  if (isObjectMessage(message as { kind: string })) return message as ObjectMessage;
  throw new TypeError("Cannot use a message from a process: it is of no known kind");
}

function firstMessage(setup: TargetSetup, objects: ObjectPort): Uint8Array[] {
  try {
    const transfer: Transferable[] = [];
    const message: ProcessMessage = {
      kind: "process",
      process: setup.process,
      ...workMessage(setup, transfer, objects),
    };
    return toBytes(message, transfer);
  } catch (error) {
    throw explainUnsendable(error, setup);
  }
}
