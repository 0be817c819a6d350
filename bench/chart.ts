/** The report as bars in plain SVG, readable on light and on dark ground. */
import { digits } from "./format.ts";
import { type Figure, label, type Row } from "./figure.ts";
import type { WorkerKind } from "./job.ts";
import type { Report, WorkReport } from "./report.ts";
import { BY_HAND, nameOf } from "./work.ts";

const WIDTH = 760;
const LEFT = 200;
const RIGHT = 110;
const BAR = 14;
const STEP = 19;
const TITLE = 40;
const GAP = 14;
const HEADING = 34;

/** From this ratio of the longest bar to the shortest on, bars grow with the logarithm. */
const LOGARITHMIC_FROM = 20;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-weight: 700; font-size: 17px; }
  .title { font-weight: 600; font-size: 13px; }
  .quiet { fill: #59636e; font-size: 11px; }
  .herd { fill: #0a7f5a; }
  .raw { fill: #8c959f; }
  .peer { fill: #6f8fc9; }
  .python { fill: #c49a3a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .herd { fill: #2fbf8f; }
    .raw { fill: #6e7681; }
    .peer { fill: #5b7ec0; }
    .python { fill: #b08a35; }
  }
`;

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The class that colours a bar. */
function colour({ contender, runtime }: Row): string {
  if (contender === "herd") return contender;
  if (BY_HAND.includes(contender)) return "raw";
  return runtime === "python" ? "python" : "peer";
}

/** How long a bar is, from 0 to 1. */
function scale(values: readonly number[]): { logarithmic: boolean; of: (value: number) => number } {
  const most = Math.max(...values);
  const least = Math.min(...values);
  if (most / least < LOGARITHMIC_FROM) {
    return { logarithmic: false, of: (value) => value / most };
  }
  // The bars start a third of a decade below the shortest, so that it stays visible.
  const start = Math.log10(least) - 1 / 3;
  return {
    logarithmic: true,
    of: (value) => (Math.log10(value) - start) / (Math.log10(most) - start),
  };
}

/** One panel, its top at `y`. */
function panel(work: WorkReport, { metric, rows }: Figure, y: number): string {
  const measured = rows.flatMap((row) =>
    row.summary === undefined ? [] : [{ row, value: row.summary.median }]
  );
  const { logarithmic, of } = scale(measured.map(({ value }) => value));
  const how = `${metric.unit}, ${metric.better} is better${logarithmic ? ", log scale" : ""}`;
  const bars = measured.map(({ row, value }, i) => {
    const top = y + TITLE + i * STEP;
    const length = Math.max(2, of(value) * (WIDTH - LEFT - RIGHT));
    const end = LEFT + length;
    return `<text x="${LEFT - 8}" y="${top + 11}" text-anchor="end">${escape(label(row))}</text>
<rect class="${colour(row)}" x="${LEFT}" y="${top}" width="${
      length.toFixed(1)
    }" height="${BAR}" rx="2"/>
<text x="${(end + 6).toFixed(1)}" y="${top + 11}">${digits(value)}</text>`;
  });
  return `<text class="title" x="12" y="${y + 16}">${
    escape(`${nameOf(work)}: ${metric.title}`)
  }</text>
<text class="quiet" x="12" y="${y + 31}">${escape(how)}</text>
${bars.join("\n")}`;
}

const HEADINGS: Readonly<Record<WorkerKind, string>> = {
  threads: "Pools of threads",
  processes: "Pools of processes",
  pools: "Pools as multiprocessing has them",
  programs: "External programs",
  sync: "Synchronisation and shared memory",
  queues: "Queues",
  managers: "Managers",
};

/** The line above all panels of one kind of worker. */
function heading(kind: WorkerKind, y: number): string {
  return `<text class="heading" x="12" y="${y + 18}">${HEADINGS[kind]}</text>`;
}

/** The whole chart: a panel for each charted metric that has figures, by kind of worker. */
export function chart(report: Report): string {
  let y = GAP;
  const panels: string[] = [];
  for (const [i, work] of report.works.entries()) {
    if (work.kind !== report.works[i - 1]?.kind) {
      panels.push(heading(work.kind, y));
      y += HEADING;
    }
    for (const figure of work.figures) {
      const bars = figure.rows.filter(({ summary }) => summary !== undefined).length;
      if (figure.metric.charted !== true || bars === 0) continue;
      panels.push(panel(work, figure, y));
      y += TITLE + bars * STEP + GAP;
    }
  }
  const machine = `${report.date.slice(0, 10)}, ${report.machine["cpus"]} CPUs, two workers each`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 20}" role="img">
<title>Herd and other pools: medians</title>
<style>${STYLE}</style>
${panels.join("\n")}
<text class="quiet" x="12" y="${y + 8}">${escape(machine)}</text>
</svg>
`;
}
