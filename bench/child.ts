/**
 * The child process, on Deno and on Node: reads a job from its argument, does it, prints the answer.
 */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { load } from "./contenders/all.ts";
import { type Answer, type Job, MARK, type MeasureName, type Outcome } from "./job.ts";
import { burst } from "./measures/burst.ts";
import { bytes } from "./measures/bytes.ts";
import { commands } from "./measures/commands.ts";
import { cpu } from "./measures/cpu.ts";
import { first } from "./measures/first.ts";
import { calls } from "./measures/calls.ts";
import { child, items, large, pipe } from "./measures/items.ts";
import { map } from "./measures/map.ts";
import { mixed } from "./measures/mixed.ts";
import { pending } from "./measures/pending.ts";
import { primitive } from "./measures/primitive.ts";
import { queue } from "./measures/queue.ts";
import { Recorder } from "./measures/recorder.ts";
import { roundtrip } from "./measures/roundtrip.ts";
import { soak } from "./measures/soak.ts";

type Measure = (recorders: readonly Recorder[], job: Job) => Promise<void>;

/** A measure of one contender a process. */
function alone(measure: (recorder: Recorder, job: Job) => Promise<void>): Measure {
  return async (recorders, job) => {
    for (const recorder of recorders) await measure(recorder, job);
  };
}

const measures: Readonly<Record<MeasureName, Measure>> = {
  burst: alone(burst),
  roundtrip,
  map: alone(map),
  imap: alone(map),
  cpu: alone(cpu),
  mixed: alone(mixed),
  first,
  queue: alone(queue),
  bytes: alone(bytes),
  commands,
  lock: primitive,
  semaphore: primitive,
  event: primitive,
  condition: primitive,
  barrier: primitive,
  value: primitive,
  pending: alone(pending),
  soak: alone(soak),
  items: alone(items),
  large: alone(large),
  child: alone(child),
  pipe: alone(pipe),
  calls: alone(calls),
};

function outcome({ samples, notes, contender, failed }: Recorder): Outcome {
  const told = { samples, notes: [...notes], settings: contender.settings };
  return failed === undefined ? told : { ...told, failed };
}

async function answer(job: Job): Promise<Answer> {
  const recorders: Recorder[] = [];
  const answers: Record<string, Outcome> = {};
  for (const name of job.contenders) {
    try {
      recorders.push(new Recorder(name, await load(name, job.kind)));
    } catch (error) {
      answers[name] = { samples: {}, notes: [], settings: "", failed: String(error) };
    }
  }
  try {
    await measures[job.measure](recorders, job);
  } catch (error) {
    for (const recorder of recorders) recorder.failed ??= String(error);
  }
  for (const recorder of recorders) answers[recorder.name] = outcome(recorder);
  return answers;
}

// Some pools do not keep the process alive while a task is pending.
setInterval(() => {}, 60_000);
const job: Job = JSON.parse(process.argv[2] ?? "");
writeFileSync(1, `\n${MARK}${JSON.stringify(await answer(job))}\n`);
process.exit(0);
