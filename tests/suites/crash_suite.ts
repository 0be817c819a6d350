/**
 * The ways in which a task can harm itself or its worker that threads and processes have in common: what its own
 * future gets by each.
 */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { type BrokenExecutor, type Executor, type Future, task } from "../../mod.ts";
import { outcome } from "../support/hang_guards.ts";

/** One way to fail. `E` is the executor, `R` what its tasks keep their records in. */
export interface Crash<E extends Executor, R> {
  readonly stage:
    | "encoding the task"
    | "loading the module"
    | "in the run"
    | "on the channel"
    | "encoding the result"
    | "after the result";
  readonly what: string;
  /** Submits the one task that fails. */
  readonly submit: (executor: E, records: R, index: number) => Future<unknown>;
  readonly ends: Failure | "returns its index";
  /** Whether the worker dies of it. */
  readonly dies: boolean;
}

/** What a future fails with. */
export interface Failure {
  readonly type: abstract new (...args: never[]) => unknown;
  readonly name?: string;
  readonly message: RegExp;
  readonly cause?: {
    readonly type: abstract new (...args: never[]) => unknown;
    readonly message: RegExp;
  } | undefined;
}

/** What the tasks of both tables do. */
export type Deed =
  | "Deno.exit"
  | "overflow"
  | "process.exit"
  | "reject"
  | "reject unawaited"
  | "reportError"
  | "return a function"
  | "return a throwing getter"
  | "return an exiting getter"
  | "return, then exit"
  | "return, then reject"
  | "return, then throw"
  | "self.close"
  | "self.close, then return"
  | "throw"
  | "throw in a timer";

/** The errors of one kind of worker. */
export class Deaths {
  readonly #type: typeof BrokenExecutor;
  readonly #worker: string;

  /** @param worker How messages call a worker: the source of a pattern. */
  constructor(type: typeof BrokenExecutor, worker: string) {
    this.#type = type;
    this.#worker = worker;
  }

  /** The worker died while it ran `perform`. */
  died(how: string, cause?: RegExp): Failure {
    return this.#failure(
      `Cannot finish perform: ${this.#worker} ${how} while it had the task`,
      cause,
    );
  }

  /** Workers died while they loaded the module of `run`. */
  diedLoading(how: string, cause?: RegExp): Failure {
    return this.#failure(`Cannot begin run: 3 workers died: ${this.#worker} ${how}`, cause);
  }

  #failure(message: string, cause?: RegExp): Failure {
    return {
      type: this.#type,
      name: this.#type.name,
      message: new RegExp(`^${message}$`),
      ...(cause && { cause: { type: RangeError, message: cause } }),
    };
  }
}

/** The text of a function `run`. */
export const RUN = "export function run() { return 1; }";

/** Refers to a function `run` of a module with this text. */
export function inModule(text: string): (executor: Executor) => Future<unknown> {
  const url = `data:text/javascript,${encodeURIComponent(text)}`;
  return (executor) => executor.submit(task<() => unknown>(url, "run"));
}

function withArgument(argument: () => unknown): (executor: Executor) => Future<unknown> {
  return (executor) => executor.submit((value: unknown) => value, argument());
}

/**
 * The rows that all tables have.
 *
 * @param performing Submits a task of the table's own module that does this.
 */
export function commonCrashes<E extends Executor, R>(
  performing: (deed: Deed) => Crash<E, R>["submit"],
  deaths: Deaths,
): readonly Crash<E, R>[] {
  const died = (how: string, cause?: RegExp) => deaths.died(how, cause);
  const diedLoading = (how: string, cause?: RegExp) => deaths.diedLoading(how, cause);
  return [
    {
      stage: "encoding the task",
      what: "D01: a getter of an argument throws",
      submit: withArgument(() => ({
        get value(): never {
          throw new RangeError("thrown by an argument");
        },
      })),
      ends: { type: RangeError, message: /^thrown by an argument$/ },
      dies: false,
    },
    {
      stage: "encoding the task",
      what: "D01: an argument can't be cloned",
      submit: withArgument(() => () => 1),
      ends: { type: DOMException, name: "DataCloneError", message: /could not be cloned/ },
      dies: false,
    },
    {
      stage: "encoding the task",
      what: "D01: an argument beside one that needs encoding can't be cloned",
      submit: withArgument(() => [new URL("https://example.org/"), Symbol("no")]),
      ends: { type: DOMException, name: "DataCloneError", message: /could not be cloned/ },
      dies: false,
    },
    {
      stage: "loading the module",
      what: "D03: a syntax error",
      submit: inModule("export function run( {"),
      ends: {
        type: TypeError,
        message: /^Cannot run run: its module data:\S+ does not load: .*SyntaxError/,
        cause: { type: TypeError, message: /SyntaxError/ },
      },
      dies: false,
    },
    {
      stage: "loading the module",
      what: "D03: it is not there",
      submit: (executor) => executor.submit(task<() => unknown>("file:///not/there.ts", "run")),
      ends: {
        type: TypeError,
        message:
          /^Cannot run run: its module file:\/\/\/not\/there.ts does not load: Module not found/,
        cause: { type: TypeError, message: /^Module not found "file:\/\/\/not\/there.ts"/ },
      },
      dies: false,
    },
    {
      stage: "loading the module",
      what: "D03: it throws after a while",
      submit: inModule(`await 0; throw new RangeError("thrown by the module"); ${RUN}`),
      ends: {
        type: TypeError,
        message: /^Cannot run run: its module data:\S+ does not load: thrown by the module$/,
        cause: { type: RangeError, message: /^thrown by the module$/ },
      },
      dies: false,
    },
    {
      stage: "loading the module",
      what: "D02: it calls Deno.exit",
      submit: inModule(`Deno.exit(3); ${RUN}`),
      ends: diedLoading("called Deno\\.exit\\(3\\)"),
      dies: true,
    },
    {
      stage: "loading the module",
      what: "it leaves a rejection behind",
      submit: inModule(
        `Promise.reject(new RangeError("rejected by the module")); await new Promise(() => {}); ${RUN}`,
      ),
      ends: diedLoading("ended by an uncaught error", /^rejected by the module$/),
      dies: true,
    },
    {
      stage: "in the run",
      what: "D07: a throw",
      submit: performing("throw"),
      ends: { type: RangeError, message: /^thrown in the run$/ },
      dies: false,
    },
    {
      stage: "in the run",
      what: "D07: a rejection",
      submit: performing("reject"),
      ends: { type: RangeError, message: /^rejected in the run$/ },
      dies: false,
    },
    {
      stage: "in the run",
      what: "D06, D19: Deno.exit(3)",
      submit: performing("Deno.exit"),
      ends: died("called Deno\\.exit\\(3\\)"),
      dies: true,
    },
    {
      stage: "in the run",
      what: "self.close(), and a result that comes too late",
      submit: performing("self.close, then return"),
      ends: died("called self\\.close\\(\\)"),
      dies: true,
    },
    {
      stage: "in the run",
      what: "self.close()",
      submit: performing("self.close"),
      ends: died("called self\\.close\\(\\)"),
      dies: true,
    },
    {
      stage: "in the run",
      what: "process.exit(4)",
      submit: performing("process.exit"),
      ends: died("called (Deno|process)\\.exit\\(4\\)"),
      dies: true,
    },
    {
      stage: "in the run",
      what: "an uncaught error in a timer",
      submit: performing("throw in a timer"),
      ends: died("ended by an uncaught error", /^thrown in a timer$/),
      dies: true,
    },
    {
      stage: "in the run",
      what: "an unhandled rejection",
      submit: performing("reject unawaited"),
      ends: died("ended by an uncaught error", /^rejected unawaited$/),
      dies: true,
    },
    {
      stage: "in the run",
      what: "reportError",
      submit: performing("reportError"),
      ends: died("ended by an uncaught error", /^reported$/),
      dies: true,
    },
    {
      stage: "in the run",
      what: "a stack overflow",
      submit: performing("overflow"),
      ends: { type: RangeError, message: /^Maximum call stack size exceeded$/ },
      dies: false,
    },
    {
      stage: "encoding the result",
      what: "D10: it can't be cloned",
      submit: performing("return a function"),
      ends: { type: DOMException, name: "DataCloneError", message: /could not be cloned/ },
      dies: false,
    },
    {
      stage: "encoding the result",
      what: "D10: a getter throws",
      submit: performing("return a throwing getter"),
      ends: { type: RangeError, message: /^thrown by a getter$/ },
      dies: false,
    },
    {
      stage: "encoding the result",
      what: "D09: a getter calls Deno.exit",
      submit: performing("return an exiting getter"),
      ends: died("called Deno\\.exit\\(9\\)"),
      dies: true,
    },
    {
      stage: "after the result",
      what: "an uncaught error in a timer",
      submit: performing("return, then throw"),
      ends: "returns its index",
      dies: true,
    },
    {
      stage: "after the result",
      what: "an unhandled rejection",
      submit: performing("return, then reject"),
      ends: "returns its index",
      dies: true,
    },
    {
      stage: "after the result",
      what: "Deno.exit in a timer",
      submit: performing("return, then exit"),
      ends: "returns its index",
      dies: true,
    },
  ];
}

/** Checks the error of a future in every detail. */
export async function checkFailure(future: Future<unknown>, ends: Failure): Promise<void> {
  const error = await outcome(future);
  assertInstanceOf(error, ends.type, String(error));
  assertInstanceOf(error, Error);
  assertEquals(Object.getPrototypeOf(error), ends.type.prototype, "no subclass");
  if (ends.name !== undefined) assertEquals(error.name, ends.name);
  // Deno colours the places in its messages also when nobody wants it to.
  // deno-lint-ignore no-control-regex
  assertMatch(error.message.replaceAll(/\x1b\[\d+m/g, ""), ends.message);
  if (ends.cause === undefined) {
    assertEquals(error.cause, undefined);
    return;
  }
  assertInstanceOf(error.cause, ends.cause.type);
  assertMatch((error.cause as unknown as Error).message, ends.cause.message);
}
