/** Figures and columns for people. */

/** A number with three digits that count, or with thousands separated. */
export function digits(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** A number with its unit. */
export function shown(value: number, unit: string): string {
  return `${digits(value)} ${unit}`;
}

/** How a column is set. */
export type Align = "left" | "right";

/** Pads all cells of a column to one width; the last column keeps its length. */
export function align(rows: readonly (readonly string[])[], columns: readonly Align[]): string[] {
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    columns.map((side, i) => {
      const cell = row[i] ?? "";
      const width = widths[i] ?? 0;
      return side === "left" ? cell.padEnd(width) : cell.padStart(width);
    }).join("  ").trimEnd()
  );
}
