/**
 * The arguments of tasks, made ready to travel, and what travels together.
 */

import { encode, MessageScan } from "../ipc/values/_codec.ts";
import type { ObjectPort } from "../ipc/objects/_object_port.ts";
import { ENCODED } from "../ipc/workers/_protocol.ts";
import type { Task } from "./_task.ts";

/** A task's values, where they are not posted as they are. */
export interface Parcel {
  readonly values: readonly unknown[] | undefined;
  readonly flags: number;
  readonly transfer: Transferable[];
  /** Whether there is something in them that can be sent once, beside what is transferred. */
  readonly moves: boolean;
}

/** Of a task whose arguments are posted as they are. */
export const PLAIN: Parcel = { values: undefined, flags: 0, transfer: [], moves: false };
/** The parcels of a single such task. */
export const ONE_PLAIN: readonly Parcel[] = [PLAIN];

/** Whether the arguments are posted as they are; true for most, and quick to see. */
export function isPlain({ args, settings }: Task): boolean {
  if (settings.transfer.length > 0) return false;
  for (let i = 0; i < args.length; i++) {
    const type = typeof args[i];
    if (type === "function" || (type === "object" && args[i] !== null)) return false;
  }
  return true;
}

/** Makes a task's arguments ready. Throws when they can't be. */
export function pack(
  { args, settings }: Task,
  scan: MessageScan,
  objects: ObjectPort,
): Parcel | "another message" {
  const transfer = [...settings.transfer];
  const need = scan.look(args);
  if (need === "another message") return need;
  if (need === "nothing") return { values: undefined, flags: 0, transfer, moves: false };
  const { relays } = objects;
  const values = encode(args, transfer, objects) as readonly unknown[];
  return { values, flags: ENCODED, transfer, moves: objects.relays > relays };
}

/** Tasks that travel in one message. */
export class Load {
  readonly tasks: Task[] = [];
  readonly parcels: Parcel[] = [];
  #scan: MessageScan | undefined = undefined;

  /** Made when the first task needs it. */
  get scan(): MessageScan {
    return this.#scan ??= new MessageScan();
  }

  /** Without the tasks that user code settled while others were packed. */
  live(giveUp: (parcel: Parcel) => void): { tasks: Task[]; parcels: Parcel[] } {
    if (!this.tasks.some((task) => task.done())) return this;
    for (const [i, task] of this.tasks.entries()) if (task.done()) giveUp(this.parcels[i]!);
    const parcels = this.parcels.filter((_, i) => !this.tasks[i]!.done());
    return { tasks: this.tasks.filter((task) => !task.done()), parcels };
  }

  add(task: Task, parcel: Parcel): void {
    this.tasks.push(task);
    this.parcels.push(parcel);
  }
}
