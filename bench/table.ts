/** The report as one aligned table. */
import { align, digits, shown } from "./format.ts";
import { type Figure, label, type Row } from "./figure.ts";
import type { Report, WorkReport } from "./report.ts";
import { nameOf } from "./work.ts";

/** Notes longer than this are cut: the JSON file has them whole. */
const NOTE = 60;

function cells({ metric }: Figure, row: Row): string[] {
  const { summary } = row;
  const notes = row.notes.join("; ").replaceAll(/\s+/g, " ");
  return [
    "",
    label(row),
    summary === undefined ? "–" : shown(summary.median, metric.unit),
    summary === undefined ? "" : `${digits(summary.low)} – ${digits(summary.high)}`,
    row.herdIsBetter === undefined ? "" : `${digits(row.herdIsBetter)} ×`,
    notes.length > NOTE ? `${notes.slice(0, NOTE - 1)}…` : notes,
  ];
}

function section(work: WorkReport): string[][] {
  const rows = [[nameOf(work), work.title]];
  for (const figure of work.figures) {
    if (figure.rows.length === 0) continue;
    rows.push(["", `${figure.metric.title} (${figure.metric.better} is better)`]);
    for (const row of figure.rows) rows.push(cells(figure, row));
  }
  for (const { wanted, got, reached } of work.verdicts) {
    rows.push(["", reached ? "reached" : "not reached", `${wanted}: ${got}`]);
  }
  return rows;
}

/** Rows with three cells or fewer are headings and verdicts: they do not widen the columns. */
function isFigure(row: readonly string[]): boolean {
  return row.length > 3;
}

/** The whole report as text. */
export function table(report: Report): string {
  const head = ["work", "contender", "median", "middle half", "Herd is better", "notes"];
  const rows = [head, ...report.works.flatMap(section)];
  const set = align(rows.filter(isFigure), ["left", "left", "right", "right", "right", "left"]);
  let next = 0;
  const lines = rows.map((row) => {
    if (isFigure(row)) return set[next++] ?? "";
    const [name = "", ...rest] = row;
    if (name !== "") return `\n${name}: ${rest.join(" ")}`;
    return rest.length === 1 ? `  ${rest[0]}` : `  → ${rest[0]?.padEnd(11)}  ${rest[1]}`;
  });
  return `${lines.join("\n")}\n`;
}
