/**
 * Functions on arrival in a worker: from a {@linkcode CallDescription} to the function itself.
 *
 * A reference is looked up in its module. A function that was given itself is looked for in `modules`;
 * else it is compiled from its source, when it misses nothing; else it is looked for in the main
 * module. What is looked up is always a module's own export, by name or by the function's text.
 */

import { nameOf, textOf } from "./_function_text.ts";
import type { CallDescription, SourceDescription } from "../callable.ts";
import { noteExports } from "./_known_exports.ts";
import { importMainModule, mainModule } from "./_main_module.ts";
import { RuntimeError } from "../../sync/errors.ts";

/** Any function. */
export type AnyFunction = (...args: unknown[]) => unknown;

/** A module's exports. */
export type Exports = Readonly<Record<string, unknown>>;

/** A function that a worker can call. */
export interface Resolved {
  fn: AnyFunction;
  /** Where it came from, when it is an export. */
  module: { url: string; exports: Exports } | undefined;
}

/** Imports written literally, which need no permission; by URL. */
export type Loaders = Readonly<Record<string, () => Promise<Exports>>>;

/** Wraps imports; calls what it is given once. */
export type AroundImport = (load: () => Promise<Exports>) => Promise<Exports>;

/** A function that a module exports. */
type Found = Resolved & { readonly module: NonNullable<Resolved["module"]> };

/** A module that was searched in vain. */
interface LoadFailure {
  readonly url: string;
  readonly error: unknown;
}

/** Finds the functions that one worker is asked to call. */
export class Resolver {
  readonly #modules: readonly string[];
  readonly #loaders: Loaders;
  readonly #aroundImport: AroundImport;

  constructor(
    modules: readonly string[],
    loaders: Loaders,
    aroundImport: AroundImport = (load) => load(),
  ) {
    this.#modules = modules;
    this.#loaders = loaders;
    this.#aroundImport = aroundImport;
  }

  /** Whether the worker may do less than its parent: only then it can lack what the parent has. */
  get #isLimited(): boolean {
    return Object.keys(this.#loaders).length > 0;
  }

  /** Whether a module is one of `modules`. */
  lists(url: string): boolean {
    return this.#modules.includes(url);
  }

  /** Loads `modules`; one that fails is reported by the first task that needs it. */
  async preload(): Promise<void> {
    await Promise.allSettled(this.#modules.map((url) => this.#load(url)));
  }

  /**
   * The function that `description` means.
   *
   * @throws {TypeError} When it can't be had here; says why and what to do.
   */
  resolve(description: CallDescription): Promise<Resolved> {
    const { url, source } = description;
    return url === null
      ? this.#resolveFunction(description, source!)
      : this.#resolveReference(description, url);
  }

  async #resolveReference(call: CallDescription, url: string): Promise<Resolved> {
    let exports: Exports;
    try {
      exports = await this.#load(url);
    } catch (cause) {
      // Such as that the module starts workers while it is imported.
      if (cause instanceof RuntimeError) throw cause;
      throw new TypeError(
        `Cannot run ${call.name}: its module ${url} does not load: ${reasonOf(cause)}${
          this.#isLimited && /requires \w+ access/i.test(messageOf(cause))
            ? ": list it in modules"
            : ""
        }`,
        { cause },
      );
    }
    const named = Object.hasOwn(exports, call.name) ? exports[call.name] : undefined;
    const fn = call.text === null ? named : findExport(exports, call.name, call.text) ?? named;
    if (typeof fn !== "function") {
      throw new TypeError(
        `Cannot run ${call.name || "the function"}: module ${url} does not export it: ` +
          `it exports ${Object.keys(exports).join(", ") || "nothing"}`,
      );
    }
    return { fn: fn as AnyFunction, module: { url, exports } };
  }

  async #resolveFunction(call: CallDescription, source: SourceDescription): Promise<Resolved> {
    const failures: LoadFailure[] = [];
    const listed = await this.#findListed(call, failures);
    if (listed.length > 1 && source.missing.length > 0) throw ambiguous(call, listed);
    if (listed[0] !== undefined) return listed[0];
    if (source.missing.length === 0) {
      return { fn: compile(source.expression, call.name), module: undefined };
    }
    const main = mainModule();
    if (call.name !== "" && main !== undefined) {
      const found = await this.#findIn(main, call, failures);
      if (found !== undefined) return found;
      const failure = failures.at(-1)?.error;
      if (failure instanceof RuntimeError) throw failure;
    }
    const unloaded = failures.map(({ url, error }) =>
      `; module ${url} does not load: ${reasonOf(error)}`
    );
    throw new TypeError(
      `Cannot send ${call.name || abridged(call.text!)} to a worker: it uses ` +
        `${source.missing.join(", ")} of its module or closure: export it from the main module ` +
        `or from one listed in modules, name it with task(import.meta.url, …), ` +
        `or pass what it uses as arguments${unloaded.join("")}`,
      failures[0] && { cause: failures[0].error },
    );
  }

  /** The different functions that the listed modules export under this name and with this text. */
  async #findListed(call: CallDescription, failures: LoadFailure[]): Promise<Found[]> {
    const found: Found[] = [];
    for (const url of this.#modules) {
      const one = await this.#findIn(url, call, failures);
      if (one !== undefined && found.every(({ fn }) => fn !== one.fn)) found.push(one);
    }
    return found;
  }

  async #findIn(
    url: string,
    call: CallDescription,
    failures: LoadFailure[],
  ): Promise<Found | undefined> {
    try {
      const exports = await this.#load(url);
      const fn = findExport(exports, call.name, call.text!);
      return fn && { fn, module: { url, exports } };
    } catch (error) {
      failures.push({ url, error });
      return undefined;
    }
  }

  async #load(url: string): Promise<Exports> {
    const load = () => this.#aroundImport(this.#loaders[url] ?? (() => import(url)));
    const exports = await (url === mainModule() ? importMainModule(load) : load());
    noteExports(url, exports);
    return exports;
  }
}

/** Modules have variables of their own: it matters which one the caller means, and nothing tells. */
function ambiguous({ name }: CallDescription, found: readonly Found[]): TypeError {
  const urls = found.map(({ module }) => module.url).join(" and ");
  return new TypeError(
    `Cannot send ${
      name || "the function"
    } to a worker: modules ${urls} export different functions ` +
      `of this name and text: say which with task(url, ${name || "…"})`,
  );
}

/** The export of the same text, that of the same name first. */
function findExport(exports: Exports, name: string, text: string): AnyFunction | undefined {
  const isIt = (value: unknown): value is AnyFunction =>
    typeof value === "function" && nameOf(value) === name && textOf(value) === text;
  if (Object.hasOwn(exports, name) && isIt(exports[name])) return exports[name];
  return Object.values(exports).find(isIt);
}

/** Compiles under a name of its own, which stands in stacks instead of this file. */
function compile(expression: string, name: string): AnyFunction {
  const sourceUrl = `herd:${encodeURIComponent(name.toWellFormed() || "anonymous")}`;
  return (0, eval)(`"use strict"; (${expression})\n//# sourceURL=${sourceUrl}`);
}

/** Why a module does not load, and what to do where Deno's own hint leads astray. */
function reasonOf(error: unknown): string {
  const message = messageOf(error);
  if (!message.includes("not a dependency")) return message;
  return `${message}: a process finds imports by the deno.json that its program may read, or that ` +
    `the option config names`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The beginning of a function's text, to tell nameless ones apart. */
function abridged(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
