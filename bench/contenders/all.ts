import type { Contender } from "./contender.ts";

/** The contenders that are JavaScript; the Python ones live in `peers/cpython.py`. */
export type JavaScriptName =
  | "herd"
  | "raw"
  | "loop"
  | "poolifier"
  | "piscina"
  | "tinypool"
  | "workerpool";

/**
 * Loads one contender. Only those that a child measures are imported, so that a package that does
 * not load fails alone.
 */
export async function load(name: JavaScriptName): Promise<Contender> {
  switch (name) {
    case "herd":
      return (await import("./herd.ts")).herd;
    case "raw":
      return (await import("./raw.ts")).raw;
    case "loop":
      return (await import("./loop.ts")).loop;
    case "poolifier":
      return (await import("./poolifier.ts")).poolifier;
    case "piscina":
      return (await import("./piscina.ts")).piscina;
    case "tinypool":
      return (await import("./tinypool.ts")).tinypool;
    case "workerpool":
      return (await import("./workerpool.ts")).workerpool;
  }
}
