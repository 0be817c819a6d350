/**
 * The options of a {@linkcode Thread}.
 */

import { checkOptions, type OptionRules } from "../../sync/_options.ts";
import { type ProcessOptions, WORK_RULES } from "./_process_options.ts";
import { WORKER_RULES } from "../workers/_worker_rules.ts";

/** Options of {@linkcode Thread}. */
export interface ThreadOptions
  extends Pick<ProcessOptions, "target" | "args" | "kwargs" | "modules"> {
  /** Its name; default `Thread-1` and so on, with the name of the target: `Thread-1 (fetch)`. */
  name?: string | undefined;
  /** Whether it ends with this program; default as the thread that makes it. */
  daemon?: boolean | undefined;
  /**
   * What it may do; default `"inherit"`. Anything else needs `--unstable-worker-options`, or
   * `"unstable": ["worker-options"]` in deno.json: without it Deno ends the program with code 70.
   */
  permissions?: ProcessOptions["permissions"];
}

const RULES: OptionRules = { ...WORKER_RULES, ...WORK_RULES };

/** Throws for the first option that is not as it should be. */
export function checkThreadOptions(what: string, options: unknown): void {
  checkOptions(what, options, RULES);
}
