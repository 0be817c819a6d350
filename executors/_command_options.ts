/**
 * Checks of what a command executor is made with and asked for.
 *
 * Everything is read once, into objects of our own: getters may run any code and give something else
 * each time.
 */

import { ValueError } from "../sync/errors.ts";
import type { CommandExecutorOptions, CommandOptions } from "./command.ts";
import { aTypeOf, checkOptions, integerFrom, MILLISECONDS, oneOf } from "../sync/_options.ts";
import type { OptionRules } from "../sync/_options.ts";

const isName = (value: unknown) => typeof value === "string" && value !== "";
const areStrings = (values: readonly unknown[]) =>
  values.every((value) => typeof value === "string");

const env = aTypeOf(
  "an object of strings",
  (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    areStrings(Object.values(value)),
);

const cwd = aTypeOf(
  "a path or a file URL",
  (value) => isName(value) || (value instanceof URL && value.protocol === "file:"),
);

const EXECUTOR_RULES: OptionRules = {
  max_workers: integerFrom(1),
  allow: aTypeOf(
    "an array of names and paths of programs",
    (value) => Array.isArray(value) && value.every(isName),
  ),
  env,
  clearEnv: aTypeOf("a boolean", (value) => typeof value === "boolean"),
  cwd,
};

const COMMAND_RULES: OptionRules = {
  stdin: aTypeOf(
    "a string, a Uint8Array, a ReadableStream or null",
    (value) =>
      value === null || typeof value === "string" || value instanceof Uint8Array ||
      value instanceof ReadableStream,
  ),
  cwd,
  env,
  signal: aTypeOf("an AbortSignal", (value) => value instanceof AbortSignal),
  deadline: MILLISECONDS,
  encoding: oneOf("text", "bytes"),
};

const CALL_RULES: OptionRules = {
  command: aTypeOf("the name or path of a program", isName),
  args: aTypeOf("an array of strings", (value) => Array.isArray(value) && areStrings(value)),
};

/** Checked copies of the executor's options. */
export function executorOptions(options: CommandExecutorOptions): CommandExecutorOptions {
  const what = "make a CommandExecutor";
  const own = copy(options);
  checkOptions(what, own, EXECUTOR_RULES);
  if (own.allow === undefined) {
    throw new TypeError(
      `Cannot ${what}: allow is undefined: ${EXECUTOR_RULES.allow!.wanted} is wanted`,
    );
  }
  checkTexts(what, own, own.allow);
  return own;
}

/** Checked copies of what `submit` was given. */
export function commandCall<E extends CommandOptions<"text" | "bytes">>(
  command: string,
  args: readonly string[],
  options: E,
): { args: readonly string[]; options: E } {
  // What is undefined would pass for an option that is left out.
  const call = { command: command ?? null, args: Array.isArray(args) ? Array.from(args) : args };
  checkOptions("run a command", call, CALL_RULES);
  const what = `run ${command}`;
  const own = copy(options);
  checkOptions(what, own, COMMAND_RULES);
  checkTexts(what, own, [command, ...call.args]);
  if (own.stdin instanceof ReadableStream && own.stdin.locked) {
    throw new TypeError(`Cannot ${what}: stdin is a stream that somebody reads already`);
  }
  return { args: call.args, options: own };
}

/** One reading of everything that is not a primitive or a stream. */
function copy<O>(options: O): O {
  if (typeof options !== "object" || options === null || Array.isArray(options)) return options;
  const own = { ...options } as Record<string, unknown>;
  if (Array.isArray(own.allow)) own.allow = Array.from(own.allow);
  if (own.cwd instanceof URL) own.cwd = new URL(own.cwd);
  const { env } = own;
  if (typeof env === "object" && env !== null && !Array.isArray(env)) own.env = { ...env };
  return own as O;
}

/** Throws for texts that no program can be given. */
function checkTexts(
  what: string,
  { env = {}, cwd = "" }: CommandOptions<"text" | "bytes"> | CommandExecutorOptions,
  words: readonly string[],
): void {
  const texts = [...words, ...Object.entries(env).flat(), String(cwd)];
  const bad = texts.find((text) => text.includes("\0"));
  if (bad !== undefined) {
    throw new ValueError(`Cannot ${what}: a NUL character can't be passed on: ${show(bad)}`);
  }
  const name = Object.keys(env).find((name) => name === "" || name.includes("="));
  if (name !== undefined) {
    throw new ValueError(
      `Cannot ${what}: no environment variable can be named ${show(name)}: ` +
        "a name without = is wanted",
    );
  }
}

function show(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
