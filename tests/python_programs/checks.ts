/** What a program prints, where only some of its order is fixed. */

import { assertEquals, assertMatch } from "@std/assert";

/** Throws unless the lines are what the program should print. */
export type Check = (lines: readonly string[]) => void;

/** These lines. */
export const inOrder = (...expected: string[]): Check => (lines) => assertEquals(lines, expected);

/** These lines, in whatever order. */
export const inAnyOrder = (...expected: string[]): Check => (lines) =>
  assertEquals(lines.toSorted(), expected.toSorted());

/** Parts that come one after the other, each of a number of lines. */
export const inParts = (...parts: [length: number, check: Check][]): Check => (lines) => {
  let at = 0;
  for (const [length, check] of parts) check(lines.slice(at, at += length));
  assertEquals(lines.slice(at), []);
};

/** Lines of which each matches its pattern; what the groups of them have found. */
export function match(lines: readonly string[], ...patterns: RegExp[]): string[] {
  assertEquals(lines.length, patterns.length, lines.join("\n"));
  return patterns.flatMap((pattern, n) => {
    assertMatch(lines[n]!, pattern);
    return pattern.exec(lines[n]!)!.slice(1);
  });
}

/** The whole numbers from the first to the last. */
export const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, n) => first + n);
