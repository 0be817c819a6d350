/** Aligned tables in plain text. */

import { widthOf } from "./width.ts";

/** A table: every row has a cell for each column. */
export interface Table {
  readonly columns: readonly { readonly title: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
  /** Set off by a rule. */
  readonly footer: readonly string[];
}

const GAP = "  ";

/** The table as lines; without spaces at their ends. */
export function formatTable({ columns, rows, footer }: Table): string {
  const titles = columns.map(({ title }) => title);
  const all = [titles, ...rows, footer];
  const widths = columns.map((_, i) =>
    all.reduce((widest, cells) => Math.max(widest, widthOf(cells[i]!)), 0)
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => {
      const padding = " ".repeat(widths[i]! - widthOf(cell));
      return columns[i]!.align === "left" ? cell + padding : padding + cell;
    }).join(GAP).trimEnd();
  const rule = widths.map((width) => "─".repeat(width)).join(GAP);
  return [line(titles), rule, ...rows.map(line), rule, line(footer)].join("\n");
}
