/** From a work to the samples of all its contenders. */
import type { Answer, Job, Outcome, Plan, WorkerKind } from "./job.ts";
import { launch, type Launcher } from "./launch.ts";
import { nameOf, type Runtime, type Work } from "./work.ts";

/** A contender over one kind of worker on one runtime, with everything its children have told. */
export interface Entry {
  readonly contender: string;
  readonly kind: WorkerKind;
  readonly runtime: Runtime;
  readonly samples: Record<string, number[]>;
  readonly notes: Set<string>;
  settings: string;
  failed?: string;
}

/** The runtimes that this machine has. */
export type Launchers = Readonly<Partial<Record<Runtime, Launcher>>>;

const WORKERS = 2;

/** Milliseconds for one contender in one child; a hanging pool costs no more than that. */
const LIMIT = 90_000;

/** Adds what one child told to what was known. */
function merge(entry: Entry, outcome: Outcome): void {
  for (const [metric, values] of Object.entries(outcome.samples)) {
    (entry.samples[metric] ??= []).push(...values);
  }
  for (const note of outcome.notes) entry.notes.add(note);
  if (outcome.settings !== "") entry.settings = outcome.settings;
  if (outcome.failed !== undefined) entry.failed = outcome.failed;
}

/** Which contenders of a runtime go into one child together. */
function groups(work: Work, runtime: Runtime): string[][] {
  const names = work.contenders[runtime];
  if (work.shared && runtime !== "python") return names.length > 0 ? [[...names]] : [];
  return names.map((name) => [name]);
}

/**
 * One child; when a shared one gives no samples at all, each contender again with the baseline alone, so
 * that one that blocks the process takes none with it.
 */
async function attempt(launcher: Launcher, job: Job): Promise<Answer> {
  const answer = await launch(launcher, job);
  const names = job.contenders;
  const lost = names.every((name) => answer[name]?.failed !== undefined);
  if (!lost || names.length <= 2) return answer;
  const rest: Record<string, Outcome> = {};
  for (const name of names) {
    const { baseline } = job;
    const contenders = name === baseline || !names.includes(baseline) ? [name] : [baseline, name];
    const alone = (await launch(launcher, { ...job, contenders }))[name];
    if (alone !== undefined) rest[name] = alone;
  }
  return rest;
}

/** Measures all contenders of a work, in as many rounds as planned, interleaved. */
export async function run(
  work: Work,
  plan: Plan,
  launchers: Launchers,
  progress: (message: string) => void,
): Promise<Entry[]> {
  const entries = new Map<string, Entry>();
  const runtimes = (["deno", "node", "python"] as const).filter((r) => launchers[r] !== undefined);
  for (let round = 1; round <= plan.rounds; round++) {
    for (const runtime of runtimes) {
      const launcher = launchers[runtime];
      if (launcher === undefined) continue;
      for (const group of groups(work, runtime)) {
        const known = group.map((contender) => entryOf(entries, contender, work.kind, runtime));
        const contenders = known.filter(({ failed }) => failed === undefined)
          .map(({ contender }) => contender);
        if (contenders.length === 0) continue;
        progress(`${nameOf(work)} ${round}/${plan.rounds}: ${contenders.join(", ")} on ${runtime}`);
        const limit = LIMIT + 10_000 * (contenders.length - 1);
        const { measure, kind, baseline } = work;
        const job: Job = { measure, kind, contenders, baseline, workers: WORKERS, plan, limit };
        const answer = await attempt(launcher, job);
        for (const entry of known) {
          const outcome = answer[entry.contender];
          if (outcome !== undefined) merge(entry, outcome);
        }
      }
    }
  }
  return [...entries.values()];
}

function entryOf(
  entries: Map<string, Entry>,
  contender: string,
  kind: WorkerKind,
  runtime: Runtime,
): Entry {
  const key = `${contender} ${runtime}`;
  let entry = entries.get(key);
  if (entry === undefined) {
    entry = { contender, kind, runtime, samples: {}, notes: new Set(), settings: "" };
    entries.set(key, entry);
  }
  return entry;
}
