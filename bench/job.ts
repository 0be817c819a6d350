/** What a parent asks of a child process, and what the child answers; both are JSON. */

/** What there is to measure; `measures/` has one module for each. */
export type MeasureName =
  | "burst"
  | "roundtrip"
  | "map"
  | "imap"
  | "cpu"
  | "mixed"
  | "first"
  | "queue"
  | "bytes"
  | "commands"
  | PrimitiveName
  | "pending"
  | "soak"
  | "items"
  | "large"
  | "child"
  | "pipe"
  | "calls";

/** What threads share, by the class that Herd and CPython have for it. */
export type PrimitiveName = "lock" | "semaphore" | "event" | "condition" | "barrier" | "value";

/** What all contenders run their work in; what they synchronise by, pass items by, or share objects by. */
export type WorkerKind =
  | "threads"
  | "processes"
  | "pools"
  | "programs"
  | "sync"
  | "queues"
  | "managers";

/** How much of a work to do. */
export interface Plan {
  /** How often the whole work is done, each time with fresh child processes. */
  readonly rounds: number;
  /** How often a child measures within one round. */
  readonly repeats: number;
  /** Tasks, items or trips of one measurement. */
  readonly count: number;
}

/** One child's job. Several contenders share a child where they are compared block by block. */
export interface Job {
  readonly measure: MeasureName;
  readonly kind: WorkerKind;
  readonly contenders: readonly string[];
  /** Whom the others are compared with, turn by turn, where it takes part. */
  readonly baseline: string;
  readonly workers: number;
  readonly plan: Plan;
  /** After how many milliseconds the child will be killed. */
  readonly limit: number;
}

/** What one contender did in one child. */
export interface Outcome {
  /** Samples by metric. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Where it was given less than the others, and why. */
  readonly notes: readonly string[];
  readonly settings: string;
  /** Why there are no samples, or not all. */
  readonly failed?: string;
}

/** What a child prints, as the last line that starts with `MARK`. */
export type Answer = Readonly<Record<string, Outcome>>;

/** Tells the answer from what the packages under test may print. */
export const MARK = "@bench ";
