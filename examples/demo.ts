/**
 * Analyses every text file of a folder twice, serially and over a pool of workers, and compares.
 *
 * ```sh
 * deno task demo [FOLDER]
 * ```
 */

import { isDeepStrictEqual } from "node:util";
import { type Analyse, analysePooled, analyseSerially } from "./demo/analyse_all.ts";
import type { Outcome } from "./demo/analyse_file.ts";
import { type Arguments, readArguments, USAGE } from "./demo/arguments.ts";
import { type FoundFile, listFiles, type Listing } from "./demo/list_files.ts";
import { ProgressLine } from "./demo/progress_line.ts";
import { filesTable, noteLines, timeLines } from "./demo/report.ts";
import { formatBytes, printable, reasonOf } from "./demo/text.ts";
import { warmUp } from "./demo/warm_up.ts";

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const given = readArguments(args);
  switch (given.kind) {
    case "help":
      console.log(USAGE);
      return 0;
    case "wrong":
      console.error(`${printable(given.problem)}\nTry deno task demo --help`);
      return 2;
    case "run":
      return await compare(given);
  }
}

async function compare(
  { folder, rows, workers }: Arguments & { kind: "run" },
): Promise<number> {
  using progress = new ProgressLine();
  const listing = list(folder, progress);
  if (listing === undefined) return 1;
  const { files } = listing;
  warmUp(files, (done) => progress.show(() => `Reading: ${done} of ${files.length} files`));
  const serial = await timed("Serially", analyseSerially, files, progress);
  const pooled = await timed("Over the pool", analysePooled(workers), files, progress);
  progress.clear();

  for (const line of noteLines(listing, serial.outcomes)) console.error(line);
  console.log(filesTable(listing, serial.outcomes, rows));
  console.log();
  for (const line of timeLines(serial.time, pooled.time, workers)) console.log(line);
  return areEqual(files, serial.outcomes, pooled.outcomes) ? 0 : 1;
}

function list(folder: string, progress: ProgressLine): Listing | undefined {
  try {
    return listFiles(folder, (found) => progress.show(() => `Looking for files: ${found}`));
  } catch (error) {
    progress.clear();
    console.error(`Cannot read folder ${printable(folder)}: ${reasonOf(error)}`);
    return undefined;
  }
}

async function timed(
  title: string,
  analyse: Analyse,
  files: readonly FoundFile[],
  progress: ProgressLine,
): Promise<{ outcomes: Outcome[]; time: number }> {
  const total = formatBytes(files.reduce((sum, { size }) => sum + size, 0));
  let bytes = 0;
  const begin = performance.now();
  const outcomes = await analyse(files.map(({ path }) => path), (done) => {
    bytes += files[done - 1]!.size;
    progress.show(() =>
      `${title}: ${done} of ${files.length} files, ${formatBytes(bytes)} of ${total}`
    );
  });
  return { outcomes, time: performance.now() - begin };
}

function areEqual(files: readonly FoundFile[], serial: Outcome[], pooled: Outcome[]): boolean {
  const different = files.filter((_, i) => !isDeepStrictEqual(serial[i], pooled[i]));
  for (const { name } of different) {
    console.error(`${printable(name)}: the two runs differ: did the file change meanwhile?`);
  }
  if (different.length === 0) console.log("Both runs gave the same results.");
  return different.length === 0;
}

if (import.meta.main) Deno.exitCode = await main(Deno.args);
