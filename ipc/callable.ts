/**
 * Functions on their way to a worker: by reference to a module's export, or by source.
 *
 * This is the parent's half: {@linkcode describe} finds out, once a function, what a worker needs to
 * know. The worker's half is `_resolve_callable.ts`.
 *
 * @module
 */

import { checkFunction } from "./values/_function_check.ts";
import { nameOf, textOf } from "./values/_function_text.ts";
import { Reference } from "./values/_task_reference.ts";

/**
 * A reference to a function that a module exports; {@linkcode task} makes it.
 *
 * @typeParam A The arguments.
 * @typeParam R What it returns.
 */
export interface TaskReference<A extends unknown[], R> {
  /** The module, as an absolute URL. */
  readonly url: string;
  /** The name of the export, or of the function. */
  readonly name: string;
  /** Carries the types for the compiler; never there at run time. */
  readonly signature?: (...args: A) => R;
}

/**
 * What may be sent to a worker: a function, or a reference to one.
 *
 * @typeParam A The arguments.
 * @typeParam R What it returns.
 */
export type Callable<A extends unknown[], R> = ((...args: A) => R) | TaskReference<A, R>;

/** What a worker has to know of a callable. */
export interface CallDescription {
  /** Names the callable between this realm and its workers. */
  readonly id: number;
  /** The function's name; may be empty. */
  readonly name: string;
  /** The module of a reference. */
  readonly url: string | null;
  /** The text of the function, where the parent has it. */
  readonly text: string | null;
  /** How to evaluate it, for a function that was given itself. */
  readonly source: SourceDescription | null;
}

/** What the analysis of a function's text found. */
export interface SourceDescription {
  /** Evaluates to the function. */
  readonly expression: string;
  /** What it would miss elsewhere: variables, and forms such as `import.meta`. */
  readonly missing: readonly string[];
}

/**
 * Refers to a function that a module exports, so that workers import it from there.
 *
 * @typeParam A The arguments.
 * @typeParam R What the function returns.
 * @param url The module's absolute URL: `import.meta.url`, or `import.meta.resolve("./x.ts")`.
 * @param fn The function, under whatever name the module exports it.
 * @returns What executors take in place of the function.
 * @throws {TypeError} When the URL is not absolute or the function cannot be sent.
 *
 * @example
 * ```ts
 * import { task, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * // For a file of one's own: import.meta.resolve("./numbers.ts").
 * const url = "data:text/javascript,const two = 2; export const twice = (n) => two * n;";
 * const { twice }: { twice: (n: number) => number } = await import(url);
 *
 * await using executor = new ThreadPoolExecutor(1);
 * assertEquals(await executor.submit(task(url, twice), 21), 42);
 * ```
 */
export function task<A extends unknown[], R>(
  url: string | URL,
  fn: (...args: A) => R,
): TaskReference<A, R>;
/**
 * Refers to a function by the name of its export; the module need not be loaded here.
 *
 * @typeParam F The function's type: `typeof import("./x.ts").f`.
 * @param url The module's absolute URL: `import.meta.resolve("./x.ts")`.
 * @param name The name of the export.
 * @returns What executors take in place of the function.
 * @throws {TypeError} When the URL is not absolute.
 *
 * @example
 * ```ts
 * import { task, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * // For a file of one's own: task<typeof import("./numbers.ts").twice>(
 * //   import.meta.resolve("./numbers.ts"), "twice").
 * const twice = task<(n: number) => number>(
 *   "data:text/javascript,export const twice = (n) => 2 * n;",
 *   "twice",
 * );
 * await using executor = new ThreadPoolExecutor(1);
 * assertEquals(await executor.submit(twice, 21), 42);
 * ```
 */
export function task<F extends (...args: never[]) => unknown>(
  url: string | URL,
  name: string,
): TaskReference<Parameters<F>, ReturnType<F>>;
export function task(
  url: string | URL,
  target: string | ((...args: unknown[]) => unknown),
): TaskReference<unknown[], unknown> {
  const href = absoluteUrl(url);
  if (typeof target === "string") return new Reference(href, target, null);
  checkFunction(target);
  return new Reference(href, nameOf(target), target);
}

function absoluteUrl(url: string | URL): string {
  if (url instanceof URL) return url.href;
  if (typeof url === "string" && URL.canParse(url)) return new URL(url).href;
  throw new TypeError(
    `Cannot refer to a function of module ${String(url)}: the URL is not absolute: ` +
      `use import.meta.url, or import.meta.resolve("./module.ts")`,
  );
}

/** A callable as this realm knows it. */
export interface Call {
  readonly id: number;
  readonly name: string;
  /** Missing until the function's text was analysed. */
  description: CallDescription | undefined;
  /** Why it cannot be sent, where the analysis failed. */
  refusal: unknown;
  /** Resolves when there is a description or a refusal; never rejects. */
  readonly described: Promise<void> | undefined;
  /** The module that this realm has loaded and whose error classes it knows. */
  readonly loadedModule: string | undefined;
  /** Measured mean run time of a task in milliseconds; `undefined` before the first. */
  mean: number | undefined;
  /** Runs in the message of answers that is being read, and their time in milliseconds. */
  runs: number;
  runTime: number;
}

let nextId = 0;
/** One call a function or reference, and one for all functions of the same name and text. */
const callsOf = new WeakMap<object, Call>();
const callsByText = new Map<string, WeakRef<Call>>();
const collected = new FinalizationRegistry((forget: () => void) => forget());

/** Runs `forget` once nobody can submit the call again, unless `owner` has lost interest by then. */
export function whenForgotten(call: Call, forget: () => void, owner: object = forget): void {
  collected.register(call, forget, owner);
}

/** `owner` is not interested in calls any more. */
export function loseInterest(owner: object): void {
  collected.unregister(owner);
}

/**
 * The call of a function or reference.
 *
 * @throws {TypeError} When it can be seen at once that it cannot be sent.
 */
export function describe(callable: unknown): Call {
  if (typeof callable !== "function" && !(callable instanceof Reference)) {
    throw new TypeError(
      `Cannot send ${callable === null ? "null" : typeof callable} to a worker: ` +
        `a function or task(url, function) is wanted`,
    );
  }
  let call = callsOf.get(callable);
  if (call === undefined) {
    call = callable instanceof Reference ? describeReference(callable) : describeFunction(callable);
    callsOf.set(callable, call);
  }
  return call;
}

/** The modules that references were made to. */
const referenced = new Set<string>();

/** Modules that workers may be asked to import. */
export function referencedModules(): Iterable<string> {
  return referenced;
}

function describeReference({ url, name, fn }: Reference<unknown[], unknown>): Call {
  referenced.add(url);
  const id = nextId++;
  const description = { id, name, url, text: fn && textOf(fn), source: null };
  return newCall(description, fn === null ? undefined : url);
}

function newCall(description: CallDescription, loadedModule: string | undefined): Call {
  const { id, name } = description;
  return {
    id,
    name,
    description,
    refusal: undefined,
    described: undefined,
    loadedModule,
    mean: undefined,
    runs: 0,
    runTime: 0,
  };
}

function describeFunction(fn: object): Call {
  checkFunction(fn);
  return describeText(nameOf(fn), textOf(fn));
}

/** The call of a function of that name and text. */
export function describeText(name: string, text: string): Call {
  const key = `${name}\n${text}`;
  const known = callsByText.get(key)?.deref();
  if (known !== undefined) return known;
  const call = analyse(name, text);
  callsByText.set(key, new WeakRef(call));
  whenForgotten(call, () => {
    if (callsByText.get(key)?.deref() === undefined) callsByText.delete(key);
  });
  return call;
}

type Analyser = typeof import("./values/_free_variables.ts").analyseFunction;
let analyser: Analyser | undefined;

/** Describes a function by its text, at once where the parser is loaded. */
function analyse(name: string, text: string): Call {
  const id = nextId++;
  const finish = (call: Call, analyseFunction: Analyser) => {
    try {
      const { expression, free, unsendable } = analyseFunction(
        text,
        (name) => GLOBALS.has(name),
        name,
      );
      const source = { expression, missing: [...free, ...unsendable] };
      call.description = { id, name, url: null, text, source };
    } catch (error) {
      call.refusal = error;
    }
  };
  const call: Call = {
    ...newCall({ id, name, url: null, text, source: null }, undefined),
    description: undefined,
    described: analyser ? undefined : loadAnalyser().then(
      (analyser) => finish(call, analyser),
      (error) => void (call.refusal = error),
    ),
  };
  if (analyser !== undefined) finish(call, analyser);
  return call;
}

async function loadAnalyser(): Promise<Analyser> {
  return analyser = (await import("./values/_free_variables.ts")).analyseFunction;
}

/** The names that every realm has, and those that only workers have. */
const GLOBALS = new Set(["self", "postMessage", "close", "onmessage", "onmessageerror"]);
for (let o = globalThis; o !== null; o = Object.getPrototypeOf(o)) {
  for (const name of Object.getOwnPropertyNames(o)) GLOBALS.add(name);
}
// A legacy of browsers that nobody means: a function that uses `name` uses a variable of its module.
GLOBALS.delete("name");
