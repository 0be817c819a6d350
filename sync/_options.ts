/**
 * Checks of options: one table an options object, one wording for all.
 */

import { ValueError } from "./errors.ts";

/** What one option may be. */
export interface OptionRule {
  /** Completes "… is wanted". */
  readonly wanted: string;
  /** Whether a value, which is not `undefined`, is one. */
  readonly allows: (value: unknown) => boolean;
  /** The class of the error; default `ValueError`. */
  readonly error?: new (message: string) => Error;
}

/** The rules of one options object; keys that it does not have are refused. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/** An integer from `min`, and up to `max` where there is one. */
export function integerFrom(min: number, max = Infinity): OptionRule {
  return {
    wanted: max === Infinity
      ? `an integer of at least ${min}`
      : `an integer of at least ${min} and at most ${max}`,
    allows: (value) =>
      Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** One of a few strings. */
export function oneOf(...names: string[]): OptionRule {
  return {
    wanted: names.map((name) => JSON.stringify(name)).join(" or "),
    allows: (value) => names.includes(value as string),
  };
}

/** A value of a type that `test` recognises. */
export function aTypeOf(wanted: string, test: (value: unknown) => boolean): OptionRule {
  return { wanted, allows: test, error: TypeError };
}

/** A number of milliseconds from 0, `Infinity` allowed. */
export const MILLISECONDS: OptionRule = {
  wanted: "a number of milliseconds of at least 0",
  allows: (value) => typeof value === "number" && value >= 0,
};

/**
 * Throws for the first option that its rule does not allow.
 *
 * @param what Completes "Cannot …".
 */
export function checkOptions(what: string, options: unknown, rules: OptionRules): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`Cannot ${what}: an options object is wanted, not ${show(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(", ");
      throw new TypeError(`Cannot ${what}: there is no option ${name}: ${known} are known`);
    }
    checkArgument(what, name, value, rule);
  }
}

/**
 * Throws unless its rule allows an argument.
 *
 * @param what Completes "Cannot …".
 */
export function checkArgument(what: string, name: string, value: unknown, rule: OptionRule): void {
  if (rule.allows(value)) return;
  throw new (rule.error ?? ValueError)(
    `Cannot ${what}: ${name} is ${show(value)}: ${rule.wanted} is wanted`,
  );
}

/** A value in a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  const isPlain = typeof value !== "object" && typeof value !== "function" || value === null;
  return isPlain ? String(value) : Deno.inspect(value, { depth: 0, breakLength: Infinity });
}
