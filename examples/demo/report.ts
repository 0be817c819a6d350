/** What the demo prints. */

import type { Outcome, TextFacts } from "./analyse_file.ts";
import type { FoundFile, Listing } from "./list_files.ts";
import { formatTable } from "./table.ts";
import { formatBytes, formatCount, printable } from "./text.ts";
import { cut, windowWidth } from "./width.ts";

/** Less than this and starting the workers is what one measures, in milliseconds. */
const LITTLE_WORK = 300;

/** A line for everything that was not analysed. */
export function noteLines({ files, notes }: Listing, outcomes: readonly Outcome[]): string[] {
  const all = [...notes];
  outcomes.forEach((outcome, i) => {
    if (outcome.kind === "skipped") all.push({ name: files[i]!.name, reason: outcome.reason });
  });
  return all.map(({ name, reason }) => `${printable(name)}: ${reason}`);
}

/** The biggest text files, and the sum of all. */
export function filesTable(
  { files }: Listing,
  outcomes: readonly Outcome[],
  rows: number,
): string {
  const texts = files.flatMap((file, i) => {
    const facts = outcomes[i]!;
    return facts.kind === "text" ? [{ file, facts }] : [];
  });
  const shown = texts.slice(0, rows);
  const sum = (of: (facts: TextFacts) => number) =>
    texts.reduce((total, { facts }) => total + of(facts), 0);
  const rest = texts.length - shown.length;
  const width = windowWidth();
  const table = formatTable({
    columns: [
      { title: "File", align: "left" },
      { title: "Size", align: "right" },
      { title: "Lines", align: "right" },
      { title: "SHA-256", align: "left" },
      { title: "Most frequent words", align: "left" },
    ],
    rows: shown.map(({ file, facts }) => fileRow(file, facts, width)),
    footer: [
      `${count(texts.length, "text file")}${rest > 0 ? `, ${formatCount(rest)} not shown` : ""}`,
      formatBytes(sum(({ bytes }) => bytes)),
      formatCount(sum(({ lines }) => lines)),
      "",
      "",
    ],
  });
  return table.split("\n").map((line) => cut(line, width)).join("\n");
}

function fileRow({ name }: FoundFile, facts: TextFacts, width: number): string[] {
  const narrow = Number.isFinite(width);
  return [
    narrow ? end(printable(name), Math.max(16, Math.floor(width / 3))) : printable(name),
    formatBytes(facts.bytes),
    formatCount(facts.lines),
    narrow ? `${facts.sha256.slice(0, 8)}…` : facts.sha256,
    facts.words.map(([word, times]) => `${word} ${times}`).join(", "),
  ];
}

/** The end of a path, which tells more than its beginning. */
function end(path: string, length: number): string {
  const letters = Array.from(path);
  return letters.length <= length ? path : `…${letters.slice(1 - length).join("")}`;
}

/** Both times and their ratio. */
export function timeLines(serial: number, pooled: number, workers: number): string[] {
  const lines = [
    `Serially       ${seconds(serial)}`,
    `Over the pool  ${seconds(pooled)}  (at most ${
      count(workers, "worker")
    }, their start included)`,
    `Speed-up       ${(serial / pooled).toFixed(2).padStart(8)} times`,
  ];
  if (serial < LITTLE_WORK) lines.push("So little work is not worth a pool: try a bigger folder.");
  return lines;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3).padStart(8)} s`;
}

function count(n: number, thing: string): string {
  return `${formatCount(n)} ${thing}${n === 1 ? "" : "s"}`;
}
