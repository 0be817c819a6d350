/**
 * The options of a {@linkcode Process}, and the child that they ask for.
 */

import { aTypeOf, checkOptions, type OptionRules } from "../../sync/_options.ts";
import type { ChildSpec } from "./_child.ts";
import { childSpecs } from "./_child_spec.ts";
import { A_METHOD, type StartMethod, type StartMethodSource } from "./_start_method.ts";
import { CHILD_RULES } from "../workers/_worker_rules.ts";
import type { TaskReference } from "../callable.ts";
import type { Permissions } from "../permissions.ts";
import { isPlainObject } from "../transfer.ts";

/** What a process may be asked to call. */
export type Target = ((...args: never[]) => unknown) | TaskReference<never[], unknown>;

/** Options of {@linkcode Process}. */
export interface ProcessOptions {
  /** What the process calls; nothing is, without it. Its result is dropped. */
  target?: Target | undefined;
  /** The target's arguments, copied to the process when it starts. */
  args?: readonly unknown[] | undefined;
  /** Given to the target as one object, after `args`. */
  kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** Its name; default the class's name and a number, such as `Process-1`, in a child `Process-1:1`. */
  name?: string | undefined;
  /** Whether it is ended with this program and may have no children; default as this process. */
  daemon?: boolean | undefined;
  /** Absolute URLs of modules whose exported functions may be the target as they are. */
  modules?: readonly (string | URL)[] | undefined;
  /** What it may do; default `"inherit"`. */
  permissions?: Permissions | undefined;
  /** Megabytes of heap that it may use; default what V8 thinks fit. */
  memoryLimit?: number | undefined;
  /** Environment variables, beside those that it inherits. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Its working directory; default this program's. */
  cwd?: string | URL | undefined;
  /** The `deno.json` by which it finds its imports; default this program's. */
  config?: string | URL | undefined;
  /**
   * How it is started: `"spawn"`, a `deno run` child, or `"worker"`, a Web Worker, for programs that can't
   * start children; or a context, which says so. Default what `get_start_method()` says.
   */
  context?: StartMethod | StartMethodSource | undefined;
}

/** Those that say how it is started. */
export type StartOptions = Omit<
  ProcessOptions,
  "target" | "args" | "kwargs" | "name" | "daemon" | "context"
>;

/** The rules of what it is to do, of a process or thread. */
export const WORK_RULES: OptionRules = {
  target: aTypeOf(
    "a function or task(url, function)",
    (value) => typeof value === "function" || (typeof value === "object" && value !== null),
  ),
  args: aTypeOf("an array", Array.isArray),
  kwargs: aTypeOf(
    "a plain object",
    (value) => typeof value === "object" && value !== null && isPlainObject(value),
  ),
  name: aTypeOf("a string", (value) => typeof value === "string"),
  daemon: aTypeOf("true or false", (value) => typeof value === "boolean"),
};

const RULES: OptionRules = {
  ...CHILD_RULES,
  ...WORK_RULES,
  context: A_METHOD,
};

/** Throws for the first option that is not as it should be. */
export function checkProcessOptions(what: string, options: unknown): void {
  checkOptions(what, options, RULES);
}

const ENTRY = new URL("../target_entry.ts", import.meta.url);

/**
 * Checks what a child with these options may be, and makes it.
 *
 * @param what Completes "Cannot …".
 * @throws What `childSpecs` throws.
 */
export function processSpecs(
  what: string,
  options: StartOptions,
): (modules: readonly string[]) => ChildSpec {
  const specFor = childSpecs(what, options);
  return (modules) => specFor({ url: ENTRY, serve: "runTarget", modules });
}
