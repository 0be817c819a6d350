/** Classes and tasks of `local_test.ts`. */

import { local, type Queue } from "../../mod.ts";

const HERE = import.meta.url;

/** Puts something there, and tells what was there before. */
export function swap(mine: local, n: number): unknown {
  const before = { ...mine };
  mine.n = n;
  return before;
}

/** The same, to a queue. */
export async function tellSwap(told: Queue<unknown>, mine: local, n: number): Promise<void> {
  await told.put(swap(mine, n));
}

/** One at the top level of a module. */
const own = new local();

export function swapOwn(n: number): unknown {
  return swap(own, n);
}

/** Whether two that came by different ways are one. */
export function areOne(first: local, { deep: [second] }: { deep: [local] }): boolean {
  return first === second;
}

/** Has a constructor, whose runs are counted in each thread. */
export class Numbered extends local {
  static override readonly module = HERE;
  static made = 0;
  readonly made: number;
  readonly list: number[];
  n = 0;

  constructor(start: number, more: Map<string, number>) {
    super(start, more);
    this.made = ++Numbered.made;
    this.list = [start, more.get("more")!];
  }
}

export function look(mine: Numbered): unknown {
  return { isNumbered: mine instanceof Numbered, list: mine.list, made: mine.made, n: mine.n++ };
}

/** Does not say where it is. */
export class Homeless extends local {}

/** Throws where it is made again. */
export class Failing extends local {
  static override readonly module = HERE;

  constructor(fails = true) {
    super();
    if (fails) throw new RangeError("not again");
  }
}

/** Says that it is where it is not. */
export class Misplaced extends local {
  static override readonly module = new URL("./nowhere.ts", HERE);
}

/** Brings one from here. */
export function make(kind: "plain" | "numbered"): local {
  const made = kind === "plain" ? new local() : new Numbered(1, new Map([["more", 2]]));
  made.n = 7;
  return made;
}
