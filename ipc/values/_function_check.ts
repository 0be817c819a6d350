/**
 * Which functions can't be sent, whatever they use.
 */

import { nameOf, textOf } from "./_function_text.ts";

const GENERATORS = new Set(["GeneratorFunction", "AsyncGeneratorFunction"]);

/** Throws a `TypeError` for what can never be sent: native, bound, class and generator functions. */
export function checkFunction(fn: unknown): asserts fn is (...args: unknown[]) => unknown {
  if (typeof fn !== "function") {
    throw new TypeError(`Cannot send ${typeof fn} to a worker: a function is wanted`);
  }
  const name = nameOf(fn);
  const text = textOf(fn);
  const kind = /\{\s*\[native code\]\s*\}$/.test(text)
    ? name.startsWith("bound ") ? "bound" : "native"
    // A method may be called `class`.
    : /^class\b(?!\s*\()/.test(text)
    ? "class"
    : GENERATORS.has(Object.getPrototypeOf(fn)?.constructor?.name)
    ? "generator"
    : undefined;
  if (kind === undefined) return;
  const remedy = {
    bound: "pass the bound values as arguments",
    native: "call it from a function of your own",
    class: "send a function that makes the object",
    generator: "send a function that returns an array",
  }[kind];
  throw new TypeError(
    `Cannot send ${name || "the function"} to a worker: it is a ${kind} function: ${remedy}`,
  );
}
