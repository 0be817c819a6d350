/** Whether a target is reached, and by how much. */
import { type Figure, label, type Row } from "./figure.ts";
import { shown } from "./format.ts";
import { BY_HAND, type Target } from "./work.ts";

/** What became of one target. */
export interface Verdict {
  readonly wanted: string;
  readonly got: string;
  readonly reached: boolean;
}

/** The figure of a metric; works name only metrics that they have. */
function find(figures: readonly Figure[], name: string): Figure {
  const found = figures.find(({ metric }) => metric.name === name);
  if (found === undefined) throw new Error(`Cannot judge a target: no such metric: ${name}`);
  return found;
}

function herdsMedian({ rows }: Figure): number {
  return rows.find(({ contender }) => contender === "herd")?.summary?.median ?? NaN;
}

/** The best of the rows that `eligible` lets through; rows are sorted, the best first. */
function best({ rows }: Figure, eligible: (row: Row) => boolean): Row | undefined {
  return rows.find((row) => row.summary !== undefined && eligible(row));
}

/** Judges one target; comparisons with a missing figure (`NaN`) come out as not reached. */
export function judge(target: Target, figures: readonly Figure[]): Verdict {
  switch (target.kind) {
    case "at least":
    case "at most": {
      const figure = find(figures, target.metric);
      const { title, unit } = figure.metric;
      const got = herdsMedian(figure);
      const upwards = target.kind === "at least";
      return {
        wanted: `${title} ${upwards ? "≥" : "≤"} ${shown(target.value, unit)}`,
        got: shown(got, unit),
        reached: upwards ? got >= target.value : got <= target.value,
      };
    }
    case "times the best": {
      const figure = find(figures, target.metric);
      const peer = best(figure, ({ contender }) => target.of.includes(contender));
      const got = herdsMedian(figure) / (peer?.summary?.median ?? NaN);
      return {
        wanted: `${figure.metric.title} ≥ ${target.factor} × the fastest ${target.who}`,
        got: `${shown(got, "×")}${peer === undefined ? "" : ` ${label(peer)}`}`,
        reached: got >= target.factor,
      };
    }
    case "beats every peer": {
      const figure = find(figures, target.metric);
      const none = ["herd", ...BY_HAND];
      const peer = best(figure, ({ contender }) => !none.includes(contender));
      const own = herdsMedian(figure);
      const theirs = peer?.summary?.median ?? NaN;
      const sign = figure.metric.better === "higher" ? -1 : 1;
      return {
        wanted: `${figure.metric.title}: better than every peer`,
        got: shown(own, figure.metric.unit) +
          (peer === undefined ? "" : ` to ${shown(theirs, figure.metric.unit)} of ${label(peer)}`),
        reached: sign * own < sign * theirs,
      };
    }
    case "flat": {
      const medians = target.metrics.map((name) => herdsMedian(find(figures, name)))
        .filter((value) => !Number.isNaN(value));
      const got = medians.length < 2 ? NaN : Math.max(...medians) / Math.min(...medians);
      return {
        wanted: `worst length of the queue against the best ≤ ${target.factor} ×`,
        got: shown(got, "×"),
        reached: got <= target.factor,
      };
    }
  }
}
