/** What a work is: a measure over one kind of worker, who takes part, and what is to be reached. */
import type { MeasureName, Plan, WorkerKind } from "./job.ts";

/** One figure of a work. */
export interface Metric {
  /** The key under which children report it. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  /** Whether `latest.svg` shows it. */
  readonly charted?: boolean;
}

/** What Herd's median of a metric has to be. */
export type Target =
  | { readonly kind: "at least"; readonly metric: string; readonly value: number }
  | { readonly kind: "at most"; readonly metric: string; readonly value: number }
  /** Against the best of these contenders, on any runtime. */
  | {
    readonly kind: "times the best";
    readonly of: readonly string[];
    /** Who they are, for people. */
    readonly who: string;
    readonly metric: string;
    readonly factor: number;
  }
  /** Better than every contender but what is written by hand. */
  | { readonly kind: "beats every peer"; readonly metric: string }
  /** The worst of the metrics is at most `factor` times the best of them. */
  | { readonly kind: "flat"; readonly metrics: readonly string[]; readonly factor: number };

/** Where a contender runs. */
export type Runtime = "deno" | "node" | "python";

/** Contenders that are no library, but what anyone can do without one. */
export const BY_HAND: readonly string[] = ["raw", "bare", "loop", "atomics"];

/** One work. */
export interface Work {
  readonly measure: MeasureName;
  readonly kind: WorkerKind;
  /** A line for people; `{count}` stands for the plan's. */
  readonly title: string;
  readonly metrics: readonly Metric[];
  readonly targets: readonly Target[];
  /** Contenders by runtime. */
  readonly contenders: Readonly<Record<Runtime, readonly string[]>>;
  /** Whom the others are compared with, turn by turn, where they share a process. */
  readonly baseline: string;
  /** Whether the contenders of one runtime share a process, so that their blocks interleave. */
  readonly shared: boolean;
  readonly full: Plan;
  readonly quick: Plan;
}

/** The name of a work: `threads/burst`. */
export function nameOf({ kind, measure }: Pick<Work, "kind" | "measure">): string {
  return `${kind}/${measure}`;
}
