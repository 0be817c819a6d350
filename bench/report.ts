/** From samples to verdicts and the JSON file. */
import { type Figure, figure } from "./figure.ts";
import type { MeasureName, Plan, WorkerKind } from "./job.ts";
import type { Entry } from "./run.ts";
import { judge, type Verdict } from "./targets.ts";
import type { Work } from "./work.ts";

/** One work, measured. */
export interface WorkReport {
  readonly measure: MeasureName;
  /** What the workers of all its contenders are, but that CPython takes part with both. */
  readonly kind: WorkerKind;
  readonly title: string;
  readonly plan: Plan;
  readonly figures: readonly Figure[];
  readonly verdicts: readonly Verdict[];
}

/** The content of `latest.json`. */
export interface Report {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  readonly works: readonly WorkReport[];
}

/** Puts one work's samples together and judges its targets. */
export function reportWork(work: Work, plan: Plan, entries: readonly Entry[]): WorkReport {
  const figures = work.metrics.map((metric) => figure(metric, entries));
  const verdicts = work.targets.map((target) => judge(target, figures));
  const title = work.title.replace("{count}", plan.count.toLocaleString("en"));
  const { measure, kind } = work;
  return { measure, kind, title, plan, figures, verdicts };
}
