/** What clients of a manager do in the suites of shared objects. */

import { type Address, BaseManager } from "../../mod.ts";
import { perform, type Step } from "./sync_tasks.ts";

/** Stands for an object of the manager. */
export interface Thing {
  readonly thing: number;
}

/** Gives the objects of the test. */
export class Things extends BaseManager {
  declare readonly thing: (n: number) => Promise<object>;
}

let connecting: Promise<Things> | undefined;

/** Does a script, as `perform`, with objects that this process gets from the manager. */
export async function performAsClient(
  address: Address,
  authkey: Uint8Array,
  steps: readonly (readonly unknown[])[],
): Promise<unknown[]> {
  const things = await (connecting ??= connect(address, authkey));
  const found = steps.map((step) => Promise.all(step.map((it) => objectOf(things, it))));
  return await perform(false, await Promise.all(found) as unknown as Step[]);
}

async function connect(address: Address, authkey: Uint8Array): Promise<Things> {
  Things.register("thing");
  return await new Things({ address, authkey }).connect();
}

function objectOf(things: Things, it: unknown): unknown {
  const isThing = typeof it === "object" && it !== null && "thing" in it;
  return isThing ? things.thing((it as Thing).thing) : it;
}
