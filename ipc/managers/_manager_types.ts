/**
 * What can be made in a manager: by the name of its type, and no other way.
 */

import { kindOf } from "../../sync/_shareable.ts";
import {
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
} from "../../sync/mod.ts";
import { textOf } from "../values/_function_text.ts";
import { type LateType, makeLate } from "./_late_types.ts";
import { type Offer, offer } from "./_referents.ts";
import { ServerDict } from "./_server_dict.ts";
import { ServerList } from "./_server_list.ts";
import { ServerSet } from "./_server_set.ts";
import { ServerArray, ServerNamespace, ServerValue } from "./_server_values.ts";
import { MOST_ARGUMENTS } from "../objects/_object_protocol.ts";
import { RemoteError } from "../errors.ts";
import "../proxy.ts";
import { JoinableQueue, Queue } from "../queue.ts";

/** A class, or what makes an object when it is called. */
export type Maker =
  | ((...args: never[]) => unknown)
  | (new (...args: never[]) => unknown);

/** A type as the manager knows it. */
export interface ManagerType {
  readonly make: Maker;
  readonly exposed: readonly string[] | null;
  /** As which types the results of methods are offered. */
  readonly method_to_typeid: Readonly<Record<string, string>>;
}

/** The types of a `SyncManager`. */
const OWN: Readonly<Record<string, Maker>> = {
  dict: ServerDict,
  list: ServerList,
  set: ServerSet,
  Namespace: ServerNamespace,
  Value: ServerValue,
  Array: ServerArray,
  Queue,
  JoinableQueue,
  Lock,
  RLock,
  Semaphore,
  BoundedSemaphore,
  Condition,
  Event,
  Barrier,
};

/** The names of those. */
export const OWN_TYPES: readonly string[] = [...Object.keys(OWN), "Pool"];

/** The types of one manager. */
export class ManagerTypes {
  readonly #types: ReadonlyMap<string, ManagerType>;

  constructor(types: Iterable<readonly [string, ManagerType]>) {
    this.#types = new Map(types);
  }

  /**
   * Makes an object.
   *
   * @throws {RemoteError} When there is no such type, or what was made is no object.
   * @throws What making it throws.
   */
  async make(typeid: unknown, args: unknown): Promise<object> {
    const type = this.#types.get(typeid as string);
    if (type === undefined) {
      throw new RemoteError(
        `Cannot create ${String(typeid)}: it is no type of this manager, which has ${
          [...this.#types.keys()].join(", ") || "none"
        }: register it before the manager starts`,
      );
    }
    if (!Array.isArray(args) || args.length > MOST_ARGUMENTS) {
      throw new TypeError(
        `Cannot create ${typeid}: its arguments are none: an array of at most ${MOST_ARGUMENTS} is wanted`,
      );
    }
    const object: unknown = await call(type.make, args);
    if (typeof object !== "object" || object === null) {
      throw new RemoteError(
        `Cannot create ${typeid}: what is registered for it gave ${
          object === null ? "null" : typeof object
        }: an object is wanted`,
      );
    }
    return kindOf(object) === undefined ? offer(object, this.#offerOf(typeid as string)) : object;
  }

  #offerOf(typeid: string): Offer {
    const { exposed, method_to_typeid } = this.#types.get(typeid) ??
      { exposed: null, method_to_typeid: {} };
    const results = Object.entries(method_to_typeid)
      .map(([method, typeid]) => [method, () => this.#offerOf(typeid)] as const);
    return { typeid, exposed: exposed ?? undefined, results: new Map(results) };
  }
}

/** The types that every `SyncManager` has, with those of the layers above. */
export function ownTypes(late: readonly (readonly [string, LateType])[]): [string, ManagerType][] {
  const own = Object.entries(OWN).map(([typeid, make]): [string, ManagerType] => [
    typeid,
    { make, exposed: null, method_to_typeid: {} },
  ]);
  const others = late.map(([typeid, type]): [string, ManagerType] => [typeid, {
    make: (...args: unknown[]) => makeLate(type, args),
    exposed: null,
    method_to_typeid: type.method_to_typeid,
  }]);
  return [...own, ...others];
}

function call(make: Maker, args: readonly unknown[]): unknown {
  return /^class\b(?!\s*\()/.test(textOf(make))
    ? Reflect.construct(make, args)
    : Reflect.apply(make as (...args: unknown[]) => unknown, undefined, args);
}
