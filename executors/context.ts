/**
 * Contexts: the names of Python's `multiprocessing`, bound to one way of starting processes.
 *
 * @module
 */

import {
  settledStartMethod,
  settleStartMethod,
  START_METHODS,
  type StartMethod,
  startMethod,
} from "../ipc/processes/_start_method.ts";
import { aTypeOf, checkArgument, checkOptions, oneOf, type OptionRules } from "../sync/_options.ts";
import { ValueError } from "../sync/errors.ts";
import { CLASSES, type ContextClasses } from "./_context_classes.ts";
import * as names from "./_context_names.ts";

/** What is the same however processes are started, and the same as what Herd exports by that name. */
export type ContextNames = Readonly<typeof names>;

/**
 * The names of Python's `multiprocessing`, bound to one start method; {@linkcode get_context} gives it.
 */
export interface Context extends ContextNames, ContextClasses {
  /**
   * A context.
   *
   * @param method Whose; default this one's.
   * @throws {ValueError} When there is no such method.
   */
  get_context(method?: StartMethod): Context;
  /** The context's method. */
  get_start_method(): StartMethod;
  /** All methods, the default first. */
  get_all_start_methods(): StartMethod[];
  /**
   * A context's method can't be changed.
   *
   * @throws {ValueError} Always.
   */
  set_start_method(method: StartMethod | null): never;
}

const contexts: Readonly<Record<StartMethod, Context>> = {
  spawn: newContext("spawn"),
  worker: newContext("worker"),
};

function newContext(method: StartMethod): Context {
  return Object.freeze<Context>({
    ...names,
    ...CLASSES[method],
    get_context: (other = method) => get_context(other),
    get_start_method: () => method,
    get_all_start_methods,
    set_start_method() {
      throw new ValueError(
        `Cannot set the start method of context ${JSON.stringify(method)}: it has one: ` +
          `use get_context("…"), or the set_start_method of the module`,
      );
    },
  });
}

/**
 * The names of `multiprocessing`, bound to one start method. Semantics: CPython's
 * `multiprocessing.get_context`.
 *
 * @param method `"spawn"`, `deno run` children; or `"worker"`, Web Workers. Default the program's, which is
 * settled from then on.
 * @returns The context, the same for the same method.
 * @throws {ValueError} When there is no such method.
 *
 * @example
 * ```ts
 * import { get_context } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const context = get_context("worker");
 * const process = new context.Process({ target: () => Deno.exit(3) });
 * process.start();
 * await process.join();
 * assertEquals(process.exitcode, 3);
 * ```
 */
export function get_context(method: StartMethod = startMethod()): Context {
  checkArgument("get a context", "method", method, oneOf(...START_METHODS));
  return contexts[method];
}

/**
 * The ways to start processes. Semantics: CPython's `multiprocessing.get_all_start_methods`.
 *
 * @returns `"spawn"`, the default, and `"worker"`.
 *
 * @example
 * ```ts
 * import { get_all_start_methods } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(get_all_start_methods(), ["spawn", "worker"]);
 * ```
 */
export function get_all_start_methods(): StartMethod[] {
  return [...START_METHODS];
}

const GET_RULES: OptionRules = {
  allow_none: aTypeOf("true or false", (value) => typeof value === "boolean"),
};

/**
 * How processes are started where nobody says how. Semantics: CPython's `multiprocessing.get_start_method`.
 *
 * @param options With `allow_none`, `null` where that is not settled; else it is settled from then on.
 * @returns The method; in a process that was started by one, that.
 *
 * @example
 * ```ts
 * import { get_start_method } from "@herd/concurrent";
 * import { assert } from "@std/assert";
 *
 * assert(["spawn", "worker"].includes(get_start_method()));
 * ```
 */
export function get_start_method(options?: { allow_none?: false | undefined }): StartMethod;
/**
 * The same, without settling it.
 *
 * @param options `allow_none`.
 * @returns `null` where it is not settled.
 */
export function get_start_method(options: { allow_none: boolean }): StartMethod | null;
export function get_start_method(
  options: { allow_none?: boolean | undefined } = {},
): StartMethod | null {
  checkOptions("get the start method", options, GET_RULES);
  return options.allow_none ? settledStartMethod() : startMethod();
}

const SET_RULES: OptionRules = {
  force: aTypeOf("true or false", (value) => typeof value === "boolean"),
};

/**
 * Says how processes are started where nobody says how: by `Process`, `ProcessPoolExecutor` and their like,
 * without a context. To be called once, by the main module. Semantics: CPython's
 * `multiprocessing.set_start_method`.
 *
 * @param method `"spawn"` or `"worker"`; `null` leaves it open again.
 * @param options With `force` it may be set again. What was made before keeps its method.
 * @throws {ValueError} When there is no such method.
 * @throws {RuntimeError} When it is settled: it was set before, or something was made that needed one.
 *
 * @example
 * ```ts
 * import { get_start_method, set_start_method } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * set_start_method("worker", { force: true });
 * assertEquals(get_start_method(), "worker");
 * set_start_method(null, { force: true });
 * assertEquals(get_start_method({ allow_none: true }), null);
 * ```
 */
export function set_start_method(
  method: StartMethod | null,
  options: { force?: boolean | undefined } = {},
): void {
  const what = "set the start method";
  checkOptions(what, options, SET_RULES);
  if (method !== null) checkArgument(what, "method", method, oneOf(...START_METHODS));
  settleStartMethod(method, options.force ?? false);
}
