/**
 * The objects of this side of a way that the other side has, by their numbers.
 */

import type { Variety } from "../../sync/_shareable.ts";
import { type DropMessage, ROOT } from "./_object_protocol.ts";
import type { Relay } from "./_relays.ts";
import { type RemoteMethod, remoteMethod } from "./_remote_methods.ts";

/** An object that the other side has. */
export interface Exported {
  readonly object: object;
  readonly kind: string;
  readonly variety?: Variety | undefined;
  /** How often it was sent and not dropped. */
  times: number;
}

/** See the head of the file. */
export class Exports {
  readonly #all = new Map<number, Exported>();

  /** @param root What the other side has from the start. */
  constructor(root: { readonly object: object; readonly kind: string } | undefined) {
    if (root !== undefined) this.#all.set(ROOT, { ...root, times: Infinity });
  }

  /** The object of a number, which the other side may have made up. */
  find(id: number): Exported | undefined {
    return this.#all.get(id);
  }

  /** An object is sent, perhaps not for the first time. */
  add(id: number, object: object, kind: string, variety?: Variety): void {
    const known = this.#all.get(id);
    if (known === undefined) this.#all.set(id, { object, kind, variety, times: 1 });
    else known.times++;
  }

  /** The other side has no use for an object any more, as often as it has got it. */
  forget({ object, times }: DropMessage): void {
    const exported = this.#all.get(object);
    if (exported === undefined) return;
    exported.times -= times;
    if (exported.times > 0) return;
    this.#all.delete(object);
    abandon(exported);
  }

  /** All but what it had from the start. */
  objects(): object[] {
    return [...this.#all].filter(([id]) => id !== ROOT).map(([, { object }]) => object);
  }

  /** The other side is gone. */
  close(): void {
    for (const exported of this.#all.values()) abandon(exported);
    this.#all.clear();
  }
}

/** How a method of an object is called, if it may be. */
export function wayOf(
  { object, kind, variety }: Exported,
  method: string,
): RemoteMethod | undefined {
  if (variety === undefined) return remoteMethod(kind, method);
  return variety.allows(object, method) ? "call" : undefined;
}

/** What is only there for the other side ends with it. */
function abandon({ object }: Exported): void {
  if ("abandon" in object) (object as Relay).abandon();
}
