/**
 * What was registered with the classes of managers.
 */

import { aTypeOf, checkOptions, type OptionRules, show } from "../../sync/_options.ts";
import { ValueError } from "../../sync/errors.ts";
import { OWN_TYPES } from "./_manager_types.ts";
import { isReserved } from "./_referents.ts";
import type { TaskReference } from "../callable.ts";
import { describe } from "../callable.ts";
import { BaseProxy, type ProxyClass } from "../proxy.ts";
import { isPlainObject } from "../transfer.ts";

/** What makes an object in a manager: a function, or a reference to one or to a class. */
export type ManagerCallable =
  | ((...args: never[]) => unknown)
  | TaskReference<never[], unknown>;

/** Options of `BaseManager.register`. */
export interface RegisterOptions {
  /**
   * The methods that may be called, and, as `"_getvalue"` and `"Symbol.iterator"`, whether the object may be copied
   * and iterated; default all methods whose names do not begin with an underscore, and both.
   */
  readonly exposed?: readonly string[] | undefined;
  /** The class of its proxies, where they arrive by this class of managers; default one made of the methods. */
  readonly proxytype?: ProxyClass | undefined;
  /** For methods whose results are to stay in the manager: the registered types that they are offered as. */
  readonly method_to_typeid?: Readonly<Record<string, string>> | undefined;
  /** Whether the manager gets a method of that name; default `true`. */
  readonly create_method?: boolean | undefined;
}

/** A registered type. */
export interface Registered extends RegisterOptions {
  /** None, for who only connects to a manager that has it. */
  readonly callable: ManagerCallable | undefined;
}

const isNames = (value: unknown) =>
  Array.isArray(value) &&
  value.every((name) => typeof name === "string" && (name === "toString" || !isReserved(name)));

const RULES: OptionRules = {
  exposed: aTypeOf("an array of names of methods, none of which every object has", isNames),
  proxytype: aTypeOf(
    "a subclass of BaseProxy",
    (value) => typeof value === "function" && value.prototype instanceof BaseProxy,
  ),
  method_to_typeid: aTypeOf(
    "an object of type names",
    (value) =>
      typeof value === "object" && value !== null && isPlainObject(value) &&
      Object.values(value).every((name) => typeof name === "string"),
  ),
  create_method: aTypeOf("true or false", (value) => typeof value === "boolean"),
};

const registries = new WeakMap<object, Map<string, Registered>>();

/**
 * Registers a type with a class of managers, and so with its subclasses.
 *
 * @throws {TypeError} When something is of the wrong type, or the callable can't be sent.
 * @throws {ValueError} When the name is taken by a method of managers.
 */
export function registerType(
  managers: { readonly prototype: object },
  typeid: unknown,
  callable: ManagerCallable | undefined,
  options: RegisterOptions,
): void {
  const what = `register ${show(typeid)}`;
  if (typeof typeid !== "string") {
    throw new TypeError(`Cannot ${what}: the name of a type is a text`);
  }
  checkOptions(what, options, RULES);
  const isKnown = OWN_TYPES.includes(typeid) || registeredWith(managers).has(typeid);
  if (typeid === "" || isReserved(typeid) || (!isKnown && typeid in managers.prototype)) {
    throw new ValueError(`Cannot ${what}: a manager has that name already: choose another`);
  }
  if (callable !== undefined) describe(callable);
  let registry = registries.get(managers);
  if (registry === undefined) registries.set(managers, registry = new Map());
  registry.set(typeid, { ...options, callable });
}

/** All that is registered with a class, or one that it extends. */
export function registeredWith(managers: object): ReadonlyMap<string, Registered> {
  const all = new Map<string, Registered>();
  const classes: object[] = [];
  for (let at: object | null = managers; at !== null; at = Object.getPrototypeOf(at)) {
    classes.unshift(at);
  }
  for (const at of classes) {
    for (const [typeid, registered] of registries.get(at) ?? []) all.set(typeid, registered);
  }
  return all;
}
