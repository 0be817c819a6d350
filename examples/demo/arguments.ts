/** The demo's command line. */

import { parseArgs } from "node:util";
import { wholeNumber } from "../whole_number.ts";

/** What the command line asks for. */
export type Arguments =
  | { kind: "run"; folder: string; rows: number; workers: number }
  | { kind: "help" }
  | { kind: "wrong"; problem: string };

/** What `--help` prints. */
export const USAGE = `\
Finds the SHA-256, the number of lines and the most frequent words of every text file in a folder,
once serially and once over a pool of workers, and compares the times.

Usage: deno task demo [FOLDER] [--rows NUMBER] [--workers NUMBER]

  FOLDER            the folder, subfolders included (default: the current one)
  --rows NUMBER     how many files the table shows, the biggest first, or "all" (default: 20)
  --workers NUMBER  how many workers the pool has at the most (default: one a processor)
  --help            shows this text

Folders named .git and node_modules are skipped, links are not followed. Words have 4 to 64 letters.
All files are read once beforehand, so that both runs find them in the computer's memory.
On a terminal the table is cut to the window; elsewhere it has whole names and checksums.`;

/** Reads the command line. */
export function readArguments(args: readonly string[]): Arguments {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rows: { type: "string", default: "20" },
        workers: { type: "string", default: String(navigator.hardwareConcurrency) },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    if (positionals.length > 1) {
      throw new TypeError(`One folder is wanted, not ${positionals.length}`);
    }
    return {
      kind: "run",
      folder: positionals[0] ?? ".",
      rows: values.rows === "all" ? Infinity : wholeNumber("--rows", values.rows, { least: 0 }),
      workers: wholeNumber("--workers", values.workers, { least: 1 }),
    };
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    return { kind: "wrong", problem: error.message };
  }
}
