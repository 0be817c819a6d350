/**
 * Storage of each thread's own.
 *
 * @module
 */

import { thisRealm } from "../sync/_realm.ts";
import { registerShareable } from "../sync/_shareable.ts";
import { RuntimeError } from "../sync/errors.ts";
import { setFunctionRecord } from "./values/_function_record.ts";
import { nameOf, textOf } from "./values/_function_text.ts";

/** A class of such objects. */
type LocalClass = new (...args: unknown[]) => local;

/** What another thread makes its own of. */
interface LocalData {
  /** The number of the object that it stands for, with which it would come back. */
  readonly id: number;
  readonly args: readonly unknown[];
  /** Gives the class, or a promise of it where it has not been looked for; `null` for `local` itself. */
  readonly findClass: (() => unknown) | null;
}

/** What was sent here is kept for as long as the thread lives: its next task is to find what this one left. */
const received = new Set<local>();

/**
 * An object whose properties each thread has for itself, as Python's `threading.local`.
 *
 * - A thread shares no variables with others anyway: one at the top level of a module is another in each
 *   thread. A `local` can be passed on besides: it arrives empty, and each thread finds there, from one task to
 *   the next, what it has put there itself.
 * - Asynchronous tasks that one thread runs at the same time share it, as all else in a thread.
 * - It can't go to another process.
 *
 * A subclass that a module exports may have a constructor, which runs once in each thread that gets the object,
 * with the arguments that it gave to `super(…)`. It says where it is by `static override module =
 * import.meta.url`. It arrives as part of the arguments of a task or a thread.
 *
 * Semantics: CPython's `threading.local`.
 *
 * @example
 * ```ts
 * import { local, ThreadPoolExecutor } from "@herd/concurrent";
 * import { assertEquals } from "@std/assert";
 *
 * const mine = new local();
 * mine.count = 100;
 * const count = (mine: local) => mine.count = Number(mine.count ?? 0) + 1;
 * await using executor = new ThreadPoolExecutor(1);
 * assertEquals(await executor.submit(count, mine), 1);
 * assertEquals(await executor.submit(count, mine), 2);
 * assertEquals(mine.count, 100);
 * ```
 */
export class local {
  /** For subclasses: the URL of the module that exports the class. */
  static readonly module?: string | URL;

  readonly #args: readonly unknown[];
  #id: number | undefined = undefined;

  /** What the thread has put there. */
  [name: string]: unknown;

  static {
    registerShareable<local>({
      name: "local",
      prototype: local.prototype,
      refusal: "Cannot send a local to another process: it is for the threads of one: " +
        "make it at the top level of a module",
      id: (object) => object.#number,
      data: (object): LocalData => ({
        id: object.#number,
        args: object.#args,
        findClass: classFinder(object),
      }),
      make(data) {
        const { id, args, findClass } = data as LocalData;
        const object = new (findClass === null ? local : checkedClass(findClass()))(...args);
        object.#id = id;
        received.add(object);
        return object;
      },
    });
  }

  /**
   * Makes one.
   *
   * @param args For subclasses: what their constructor gets in other threads.
   * @throws {TypeError} When there are any, and it is of no subclass.
   */
  constructor(...args: unknown[]) {
    if (new.target === local && args.length > 0) {
      throw new TypeError(
        "Cannot make a local: it takes no arguments: extend the class, whose constructor may",
      );
    }
    this.#args = args;
  }

  /** Its number, from when it is first sent. */
  get #number(): number {
    return this.#id ??= thisRealm().realms.nextObject();
  }
}

/** What brings the class along. */
function classFinder(object: local): LocalData["findClass"] {
  const constructor = object.constructor as typeof local;
  if (constructor === local) return null;
  const { module } = constructor;
  const name = nameOf(constructor);
  if (module === undefined || !URL.canParse(String(module))) {
    throw new TypeError(
      `Cannot send a ${name || "local"} to another thread: its static module is ${module}: ` +
        `let a module export the class, and add static override module = import.meta.url`,
    );
  }
  const finder = () => constructor;
  setFunctionRecord(finder, { name, text: textOf(constructor), url: String(module) });
  return finder;
}

function checkedClass(found: unknown): LocalClass {
  if (typeof found === "function" && found.prototype instanceof local) return found as LocalClass;
  throw new RuntimeError(
    found instanceof Promise
      ? "Cannot receive an object of a subclass of local here: pass it as an argument"
      : "Cannot receive a local: its class is no subclass of this local: " +
        "let its module import the same Herd as the program",
  );
}
