/**
 * The options of every executor's `shutdown`.
 */

import { aTypeOf, checkOptions, type OptionRules } from "../sync/_options.ts";

const aBoolean = aTypeOf("a boolean", (value) => typeof value === "boolean");

const RULES: OptionRules = { wait: aBoolean, cancel_futures: aBoolean };

/** Throws a `TypeError` unless these are options of `shutdown`. */
export function checkShutdownOptions(options: unknown): void {
  checkOptions("shut down", options, RULES);
}
