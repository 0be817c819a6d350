/** Tests of what `CommandExecutor` and its methods refuse, and in what words. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  CommandExecutor,
  type CommandExecutorOptions,
  type CommandOptions,
  ValueError,
} from "../../mod.ts";
import { HANG, shells } from "../support/shell.ts";

type ErrorType = new (message?: string) => Error;
type BadOption = [options: unknown, type: ErrorType, message: string];

const TEXTS = "an object of strings is wanted";
const CWD = "a path or a file URL is wanted";
const ALLOW = "an array of names and paths of programs is wanted";

const BAD_EXECUTORS: readonly BadOption[] = [
  [undefined, TypeError, "an options object is wanted, not undefined"],
  [null, TypeError, "an options object is wanted, not null"],
  [4, TypeError, "an options object is wanted, not 4"],
  [["true"], TypeError, 'an options object is wanted, not [ "true" ]'],
  [{}, TypeError, `allow is undefined: ${ALLOW}`],
  [{ allow: undefined, max_workers: 2 }, TypeError, `allow is undefined: ${ALLOW}`],
  [{ allow: "true" }, TypeError, `allow is "true": ${ALLOW}`],
  [{ allow: [""] }, TypeError, `allow is [ "" ]: ${ALLOW}`],
  [{ allow: ["true", 5] }, TypeError, `allow is [ "true", 5 ]: ${ALLOW}`],
  [{ allow: [, "true"] }, TypeError, `allow is [ undefined, "true" ]: ${ALLOW}`],
  [{ allow: ["a\0b"] }, ValueError, `a NUL character can't be passed on: "a\\u0000b"`],
  [{ max_workers: 0 }, ValueError, "max_workers is 0: an integer of at least 1 is wanted"],
  [{ max_workers: 1.5 }, ValueError, "max_workers is 1.5: an integer of at least 1 is wanted"],
  [{ max_workers: "2" }, ValueError, 'max_workers is "2": an integer of at least 1 is wanted'],
  [{ env: [] }, TypeError, `env is []: ${TEXTS}`],
  [{ env: null }, TypeError, `env is null: ${TEXTS}`],
  [{ env: { A: 1 } }, TypeError, `env is { A: 1 }: ${TEXTS}`],
  [{ env: { A: undefined } }, TypeError, `env is { A: undefined }: ${TEXTS}`],
  [{ env: { "": "x" } }, ValueError, 'no environment variable can be named "": a name without ='],
  [{ env: { "A=B": "x" } }, ValueError, 'no environment variable can be named "A=B"'],
  [{ env: { A: "\0" } }, ValueError, `a NUL character can't be passed on: "\\u0000"`],
  [{ clearEnv: 1 }, TypeError, "clearEnv is 1: a boolean is wanted"],
  [{ cwd: "" }, TypeError, `cwd is "": ${CWD}`],
  [{ cwd: 1 }, TypeError, `cwd is 1: ${CWD}`],
  [{ cwd: "a\0" }, ValueError, `a NUL character can't be passed on: "a\\u0000"`],
  [{ cwds: "/" }, TypeError, "there is no option cwds: max_workers, allow, env, clearEnv, cwd are"],
];

for (const [options, type, message] of BAD_EXECUTORS) {
  Deno.test(`new CommandExecutor(${Deno.inspect(options)}) is refused`, () => {
    const isObject = typeof options === "object" && options !== null && !Array.isArray(options);
    const given = isObject && message.startsWith("allow") ? options : isObject
      // @ts-ignore: these are not the right types.
      ? { allow: ["true"], ...options }
      : options;
    const error = assertThrows(() => new CommandExecutor(given as CommandExecutorOptions), type);
    assertStringIncludes(error.message, `Cannot make a CommandExecutor: ${message}`);
  });
}

const SHORT = { depth: 0, breakLength: Infinity };
const STDIN = "a string, a Uint8Array, a ReadableStream or null is wanted";

const BAD_COMMANDS: readonly BadOption[] = [
  [null, TypeError, "an options object is wanted, not null"],
  ["text", TypeError, 'an options object is wanted, not "text"'],
  [{ stdin: 5 }, TypeError, `stdin is 5: ${STDIN}`],
  [{ stdin: new Uint16Array(1) }, TypeError, `stdin is Uint16Array(1) [ 0 ]: ${STDIN}`],
  [{ stdin: "piped".split("") }, TypeError, "stdin is ["],
  [{ signal: {} }, TypeError, "signal is {}: an AbortSignal is wanted"],
  [{ deadline: -1 }, ValueError, "deadline is -1: a number of milliseconds of at least 0 is"],
  [{ deadline: NaN }, ValueError, "deadline is NaN: a number of milliseconds of at least 0 is"],
  [{ encoding: "utf-8" }, ValueError, 'encoding is "utf-8": "text" or "bytes" is wanted'],
  [{ cwd: new URL("https://herd.example/") }, TypeError, "cwd is URL"],
  [{ env: { A: 1 } }, TypeError, `env is { A: 1 }: ${TEXTS}`],
  [{ env: { "=": "" } }, ValueError, 'no environment variable can be named "="'],
  [{ clearEnv: true }, TypeError, "there is no option clearEnv: stdin, cwd, env, signal, "],
  [{ timeout: 5 }, TypeError, "there is no option timeout"],
];

for (const [options, type, message] of BAD_COMMANDS) {
  Deno.test(`submit("true", [], ${Deno.inspect(options, SHORT)}) is refused at the call`, () => {
    const executor = shells();
    const error = assertThrows(() => executor.submit("true", [], options as CommandOptions), type);
    assertStringIncludes(error.message, `Cannot run true: ${message}`);
    assertEquals(executor.stats().queued, 0);
  });
}

Deno.test("commands and arguments of the wrong type are refused at the call", () => {
  const executor = shells();
  const calls: [unknown, unknown, ErrorType, string][] = [
    [undefined, [], TypeError, "command is null: the name or path of a program is wanted"],
    ["", [], TypeError, 'command is "": the name or path of a program is wanted'],
    [() => 1, [], TypeError, "command is [Function (anonymous)]: the name or path of a program"],
    ["true", "x", TypeError, 'args is "x": an array of strings is wanted'],
    ["true", null, TypeError, "args is null: an array of strings is wanted"],
    ["true", { 0: "x" }, TypeError, 'args is { "0": "x" }: an array of strings is wanted'],
    ["true", [1], TypeError, "args is [ 1 ]: an array of strings is wanted"],
    ["true", [, "x"], TypeError, 'args is [ undefined, "x" ]: an array of strings is wanted'],
    ["true", ["a\0b"], ValueError, `a NUL character can't be passed on: "a\\u0000b"`],
    ["tr\0ue", [], ValueError, `a NUL character can't be passed on: "tr\\u0000ue"`],
  ];
  for (const [command, args, type, message] of calls) {
    const submit = () => executor.submit(command as string, args as string[]);
    assertStringIncludes(assertThrows(submit, type).message, message);
  }
});

for (const options of [{ wait: 1 }, { cancel_futures: "yes" }, { now: true }, 5, null]) {
  Deno.test(`shutdown(${Deno.inspect(options)}) is a TypeError, and shuts nothing down`, async () => {
    await using executor = shells();
    assertThrows(() => executor.shutdown(options as { wait: boolean }), TypeError);
    await executor.submit("true").result(HANG);
  });
}
