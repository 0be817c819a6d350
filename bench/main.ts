/**
 * `deno task bench [--quick] [--only=NAME,…] [--json=FILE] [--svg=FILE]`
 *
 * See `README.md` for what is measured and how to read it.
 */
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { chart } from "./chart.ts";
import { label } from "./figure.ts";
import { denoLauncher, versionOf } from "./launch.ts";
import { NodeStage } from "./node_stage.ts";
import { type Report, reportWork, type WorkReport } from "./report.ts";
import { type Entry, type Launchers, run } from "./run.ts";
import { table } from "./table.ts";
import { nameOf, type Work } from "./work.ts";
import { isNamed, works } from "./works.ts";

const RESULTS = new URL("./results/", import.meta.url);

interface Options {
  readonly quick: boolean;
  readonly only: readonly string[];
  readonly json: string | undefined;
  readonly svg: string | undefined;
}

/** Says what is going on: in one line that changes where someone watches, else line by line. */
function tell(message: string): void {
  const text = Deno.stderr.isTerminal() ? `\x1b[2K\r${message}` : `${message}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

/** Part of the works or a tenth of the sizes is no result to keep, unless a file is named for it. */
function options(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      json: { type: "string" },
      svg: { type: "string" },
    },
  });
  const whole = !values.quick && values.only === undefined;
  const latest = (name: string) => whole ? fileURLToPath(new URL(name, RESULTS)) : undefined;
  return {
    quick: values.quick,
    only: values.only?.split(",") ?? [],
    json: values.json ?? latest("latest.json"),
    svg: values.svg ?? latest("latest.svg"),
  };
}

function chosen(only: readonly string[]): readonly Work[] {
  const unknown = only.filter((name) => !works.some((work) => isNamed(work, name)));
  if (unknown.length > 0) {
    const names = works.map(nameOf).join(", ");
    throw new RangeError(
      `Cannot run the bench: no such work: ${unknown.join(", ")}, one of ${names}, or a part of it`,
    );
  }
  return only.length === 0
    ? works
    : works.filter((work) => only.some((name) => isNamed(work, name)));
}

/** Node's folder where `node` and `npm` are to be had; the bench goes on without. */
async function stageNode(version: string | undefined): Promise<NodeStage | undefined> {
  if (version === undefined) return undefined;
  try {
    tell("installing the packages for Node");
    return await NodeStage.prepare();
  } catch (error) {
    tell(`without Node: ${error}`);
    return undefined;
  }
}

function launchers(stage: NodeStage | undefined, python: string | undefined): Launchers {
  const script = fileURLToPath(new URL("./peers/cpython.py", import.meta.url));
  return {
    deno: denoLauncher,
    ...(stage && { node: { command: "node", args: ["--expose-gc", stage.child] } }),
    ...(python && { python: { command: "python3", args: [script] } }),
  };
}

/** The settings that each contender told of, one entry a contender and runtime. */
function settingsOf(entries: readonly Entry[]): Record<string, string> {
  return Object.fromEntries(entries.map((entry) => [label(entry), entry.settings]));
}

async function measure({ quick, only }: Options): Promise<Report> {
  const list = chosen(only);
  const [node, python] = [await versionOf("node"), await versionOf("python3")];
  const needsNode = list.some(({ contenders }) => contenders.node.length > 0);
  using stage = await stageNode(needsNode ? node : undefined);
  const load = loadavg()[0] ?? 0;
  const found = launchers(stage, python);
  const settings: Record<string, string> = {};
  const reports: WorkReport[] = [];
  for (const work of list) {
    const plan = quick ? work.quick : work.full;
    const entries = await run(work, plan, found, tell);
    Object.assign(settings, settingsOf(entries.filter((entry) => entry.settings !== "")));
    reports.push(reportWork(work, plan, entries));
  }
  tell("");
  return {
    date: new Date().toISOString(),
    quick,
    machine: {
      cpus: cpus().length,
      model: cpus()[0]?.model ?? "",
      target: Deno.build.target,
      load,
    },
    versions: { ...Deno.version, ...(node && { node }), ...(python && { python }) },
    settings,
    works: reports,
  };
}

/** What went wrong with Herd itself. */
function failuresOfHerd({ works }: Report): string[] {
  const failed = works.flatMap((work) =>
    work.figures.flatMap(({ rows }) => rows)
      .filter(({ contender, summary }) => contender === "herd" && summary === undefined)
      .map(({ notes }) => `${nameOf(work)}: ${notes.join("; ")}`)
  );
  return [...new Set(failed)];
}

if (import.meta.main) {
  const wanted = options(Deno.args);
  const report = await measure(wanted);
  writeFileSync(1, table(report));
  if (wanted.json) await Deno.writeTextFile(wanted.json, `${JSON.stringify(report, null, 2)}\n`);
  if (wanted.svg) await Deno.writeTextFile(wanted.svg, chart(report));
  // A soak that finds something must not end as if it had not, nor any other work that Herd did not do.
  const failures = failuresOfHerd(report);
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) Deno.exitCode = 1;
}
