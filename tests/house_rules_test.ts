/** Rules that the whole tree keeps. */

import { assert, assertEquals } from "@std/assert";
import * as herd from "../mod.ts";

const ROOT = new URL("../", import.meta.url);
/** From the bottom up: a layer imports its own files and those of the layers before it. */
const LAYERS = ["sync", "ipc", "executors"];

interface Source {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** The library's own sources. */
function* sources(): Generator<Source> {
  for (const layer of LAYERS) yield* sourcesIn(`${layer}/`);
}

function* sourcesIn(folder: string): Generator<Source> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = `${folder}${name}`;
    if (isDirectory) yield* sourcesIn(`${path}/`);
    else if (name.endsWith(".ts")) {
      yield { path, text: Deno.readTextFileSync(new URL(path, ROOT)) };
    }
  }
}

/** The modules that a source imports at run time or for types, relative ones from the root. */
function importsOf({ path, text }: Source, only: "all" | "values" = "all"): string[] {
  const statement = /^(?:import|export)\s(?<what>[^;]*?)from\s+"(?<url>\.[^"]+)"/gms;
  return [...text.matchAll(statement)]
    .filter(({ groups }) => only === "all" || !groups!.what!.startsWith("type "))
    .map(({ groups }) => new URL(groups!.url!, new URL(path, ROOT)).href.slice(ROOT.href.length));
}

Deno.test("imports go down the layers only", () => {
  const upward = [...sources()].flatMap((source) => {
    const layer = LAYERS.indexOf(source.path.split("/")[0]!);
    return importsOf(source)
      .filter((target) => LAYERS.indexOf(target.split("/")[0]!) > layer)
      .map((target) => `${source.path} imports ${target}`);
  });
  assertEquals(upward, []);
});

Deno.test("no module imports itself in a circle", () => {
  const graph = new Map([...sources()].map((source) => [source.path, importsOf(source, "values")]));
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    assert(!way.includes(path), `a circle: ${[...way, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

Deno.test("only _park.ts sleeps or wakes by atomics", () => {
  const others = [...sources()]
    .filter(({ path, text }) => path !== "sync/_park.ts" && /Atomics\.(wait|notify)/.test(text))
    .map(({ path }) => path);
  assertEquals(others, []);
});

Deno.test("nothing is typed any, and no check is switched off", () => {
  const found = [...sources()].flatMap(({ path, text }) =>
    text.split("\n")
      .filter((line) =>
        /@ts-ignore|@ts-nocheck|deno-lint-ignore/.test(line) ||
        !/^\s*(?:\/?\*|\/\/)/.test(line) && /[:<]\s*any\b|\bas any\b/.test(line)
      )
      .map((line) => `${path}: ${line.trim()}`)
  );
  assertEquals(found, []);
});

Deno.test("files that are not private are exported by their folder's mod.ts, or are entries", () => {
  for (const layer of LAYERS) {
    const mod = Deno.readTextFileSync(new URL(`${layer}/mod.ts`, ROOT));
    const missing = [...sources()].map(({ path }) => path)
      .filter((path) => path.startsWith(`${layer}/`))
      .map((path) => path.slice(layer.length + 1))
      .filter((name) =>
        !/(^|\/)_|^mod\.ts$|_entry\.ts$/.test(name) && !mod.includes(`"./${name}"`)
      );
    assertEquals(missing, []);
  }
});

Deno.test("every file has its line in its layer's README", () => {
  const missing = LAYERS.flatMap((layer) => {
    const text = Deno.readTextFileSync(new URL(`${layer}/README.md`, ROOT));
    return [...sourcesIn(`${layer}/`)].map(({ path }) => path)
      .filter((path) =>
        !path.endsWith("mod.ts") && !text.includes(`\`${path.split("/").at(-1)}\``)
      );
  });
  assertEquals(missing, []);
});

Deno.test("the package has the version and the exports that it is published with", async () => {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  assertEquals(config.name, "@herd/concurrent");
  assertEquals(Object.keys(config.exports), [".", "./executors", "./sync", "./ipc"]);
  for (const path of Object.values<string>(config.exports)) {
    assert(Object.keys(await import(new URL(path, ROOT).href)).length > 0, path);
  }
});

Deno.test("every class and function bears the name by which it is exported", () => {
  const misnamed = Object.entries(herd)
    .filter(([name, value]) => typeof value === "function" && value.name !== name)
    .map(([name]) => name);
  assertEquals(misnamed, []);
});
