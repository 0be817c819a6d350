/**
 * The pages of the documentation: every program on them runs, every link leads somewhere, and every name of
 * the public API stands there.
 *
 * Blocks marked `ts` are tests of their own, run by `deno test --doc`. What needs a main module or
 * several files is marked `ts ignore`, and is run here: a page's files are those blocks that begin with
 * their name (`// sheep.ts`), its programs those that look at `import.meta.main`. A block marked `text`
 * right behind a program is what it prints. The pages of `docs/python/`, which show programs of
 * `examples/python/`, are held to these by `python_pages_test.ts`; here their links are followed.
 */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

interface Block {
  readonly line: number;
  readonly info: string;
  readonly text: string;
  /** Whether nothing but space stands between it and the block before. */
  readonly isNext: boolean;
}

interface Page {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

function* pagePaths(): Generator<string> {
  for (const folder of ["", "docs/", "sync/", "ipc/", "executors/", "bench/", "docs/python/"]) {
    for (const { name } of Deno.readDirSync(new URL(folder || ".", ROOT))) {
      if (name.endsWith(".md")) yield folder + name;
    }
  }
}

function blocksOf(text: string): Block[] {
  const fence = /^```(?<info>.*)\n(?<text>(?:.*\n)*?)```$/gm;
  let end = 0;
  return [...text.matchAll(fence)].map(({ index, groups, 0: whole }) => {
    const isNext = end > 0 && text.slice(end, index).trim() === "";
    end = index + whole.length;
    const line = text.slice(0, index).split("\n").length;
    return { line, info: groups!.info!, text: groups!.text!, isNext };
  });
}

const all: readonly Page[] = [...pagePaths()].sort().map((path) => {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return { path, text, blocks: blocksOf(text) };
});

const pages = all.filter(({ path }) => !path.startsWith("docs/python/"));

const isProgram = ({ info, text }: Block) =>
  info === "ts ignore" && text.includes("import.meta.main");
const fileNameOf = ({ text }: Block) => /^\/\/ ([\w./-]+\.ts)\n/.exec(text)?.[1];

Deno.test("every block of TypeScript in the documentation is run", () => {
  const known = ["ts", "ts ignore", "sh", "json", "text", "py", ""];
  for (const { path, blocks } of pages) {
    for (const block of blocks) {
      const { info, line } = block;
      assert(known.includes(info), `${path}:${line} is marked ${info}`);
      if (info !== "ts ignore") continue;
      const name = fileNameOf(block);
      const isPart = name !== undefined && blocks.some(({ text }) => text.includes(`"./${name}"`));
      assert(isProgram(block) || isPart, `${path}:${line} is neither a program nor a part of one`);
    }
  }
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The files of all pages, a folder for each page, in one project, as long as it is in scope. */
class Project implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(pages: readonly Page[]): Promise<Project> {
    const project = new Project(await Deno.makeTempDir({ prefix: "herd_docs_" }));
    const config = {
      imports: {
        "@herd/concurrent": "jsr:@herd/concurrent@^0.1.0",
        "@std/assert": new URL("std/assert/mod.ts", ROOT).href,
      },
      links: [decodeURIComponent(ROOT.pathname)],
    };
    await Deno.writeTextFile(`${project.#folder}/deno.json`, JSON.stringify(config));
    for (const page of pages) {
      await Deno.mkdir(`${project.#folder}/${page.path}`, { recursive: true });
      for (const block of page.blocks.filter(({ info }) => info === "ts ignore")) {
        const file = `${project.#folder}/${project.pathOf(page, block)}`;
        await Deno.writeTextFile(file, block.text);
      }
    }
    return project;
  }

  pathOf(page: Page, block: Block): string {
    return `${page.path}/${fileNameOf(block) ?? `line_${block.line}.ts`}`;
  }

  async deno(...args: string[]): Promise<Ended> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args,
      cwd: this.#folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }
}

Deno.test("the programs on the pages type-check, run, and print what the page says", async (t) => {
  await using project = await Project.create(pages);
  await t.step("all type-check", async () => {
    const { code, stderr } = await project.deno("check", ".");
    assertEquals(code, 0, stderr);
  });
  for (const page of pages) {
    for (const [index, block] of page.blocks.entries()) {
      if (!isProgram(block)) continue;
      await t.step(`${page.path}:${block.line}`, async () => {
        const { code, stdout, stderr } = await project.deno(
          ...["run", "-A", "--no-check", project.pathOf(page, block)],
        );
        assertEquals(code, 0, stdout + stderr);
        const next = page.blocks[index + 1];
        if (next?.isNext && next.info === "text") assertEquals(stdout, next.text, stderr);
      });
    }
  }
});

/** As GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
  return new Set(
    [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
    ),
  );
}

Deno.test("every link of the documentation leads to a file and a heading that are there", () => {
  const broken: string[] = [];
  for (const { path, text } of all) {
    const prose = text.replaceAll(/^```[^]*?^```$/gm, "");
    for (const [, target] of prose.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const url = new URL(target!, new URL(path, ROOT));
      const anchor = decodeURIComponent(url.hash.slice(1));
      url.hash = "";
      try {
        const isPage = url.pathname.endsWith(".md");
        if (!isPage) Deno.statSync(url);
        else {
          const anchors = anchorsOf(Deno.readTextFileSync(url));
          assert(anchor === "" || anchors.has(anchor));
        }
      } catch {
        broken.push(`${path}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("every name that can be imported stands on a page", async () => {
  const herd = await import(new URL("mod.ts", ROOT).href);
  const prose = pages.map(({ text }) => text).join("\n");
  const missing = Object.keys(herd).filter((name) => !new RegExp(`\\b${name}\\b`).test(prose));
  assertEquals(missing, []);
});

Deno.test("the pages of the public API build", async () => {
  const folder = await Deno.makeTempDir({ prefix: "herd_docs_" });
  try {
    const entries = ["mod.ts", "executors/mod.ts", "ipc/mod.ts", "sync/mod.ts"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["doc", "--html", "--name=Herd", `--output=${folder}`, ...entries],
      cwd: ROOT,
      stdin: "null",
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stderr));
    assert((await Deno.stat(`${folder}/index.html`)).isFile);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
