/**
 * How processes are started where nobody says how: the one place where that is kept.
 *
 * It is settled when it is first needed, and passed on to the processes and threads that this one starts.
 */

import { type OptionRule, show } from "../../sync/_options.ts";
import { RuntimeError } from "../../sync/errors.ts";
import { thisProcess } from "./_this_process.ts";

/** `"spawn"`, a `deno run` child; or `"worker"`, a Web Worker of this process. */
export type StartMethod = "spawn" | "worker";

/** All of them, the default first. */
export const START_METHODS: readonly StartMethod[] = ["spawn", "worker"];

/** Something that says how processes are to be started, such as a context. */
export interface StartMethodSource {
  /** The method. */
  get_start_method(): StartMethod | null;
}

/** What an option takes that says how processes are started. */
export const A_METHOD: OptionRule = {
  wanted: `${START_METHODS.map((name) => JSON.stringify(name)).join(" or ")}, or a context,`,
  allows: (given) => isMethod(given) || isMethod(methodFrom(given)),
};

function isMethod(given: unknown): given is StartMethod {
  return START_METHODS.includes(given as StartMethod);
}

function methodFrom(given: unknown): unknown {
  if (typeof given !== "object" || given === null) return undefined;
  return (given as Partial<StartMethodSource>).get_start_method?.();
}

/**
 * The method that an option means, which is one; where nobody says one, the one of this program, which is
 * settled from now on.
 */
export function chosenMethod(given: StartMethod | StartMethodSource | undefined): StartMethod {
  if (typeof given === "string") return given;
  return methodFrom(given) as StartMethod | null | undefined ?? startMethod();
}

/** The method, if it is settled. */
export function settledStartMethod(): StartMethod | null {
  return thisProcess().startMethod;
}

/** The method of who does not say one; from now on it is settled. */
export function startMethod(): StartMethod {
  return thisProcess().startMethod ??= START_METHODS[0]!;
}

/**
 * Settles it; `null` leaves it open again.
 *
 * @throws {RuntimeError} When it is settled, and not by `force`.
 */
export function settleStartMethod(method: StartMethod | null, force: boolean): void {
  const process = thisProcess();
  if (process.startMethod !== null && !force) {
    throw new RuntimeError(
      `Cannot set the start method to ${show(method)}: it is ${
        show(process.startMethod)
      } already: ` +
        `set it before anything is started, or use { force: true }`,
    );
  }
  process.startMethod = method;
}
