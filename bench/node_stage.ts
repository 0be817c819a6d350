/**
 * Node 20 neither strips types nor knows `npm:` specifiers. So the bench is copied to a temporary
 * folder with both taken out, and the packages that it names are installed there.
 */
import { stripTypeScriptTypes } from "node:module";

const FOLDERS = ["", "contenders/", "measures/", "peers/"];

/** Where Node has a package of its own instead of one for Web Workers. */
const SISTERS: Readonly<Record<string, string>> = {
  "poolifier-web-worker@0.5.15": "poolifier@5.3.2",
};

/** Splits `name@version`, which may start with a scope. */
function nameOf(specifier: string): string {
  return specifier.slice(0, specifier.indexOf("@", 1));
}

/** The folder that holds the copy, to be removed by `Symbol.dispose`. */
export class NodeStage implements Disposable {
  readonly folder: string;
  /** The module to start with `node`. */
  readonly child: string;

  #removed = false;

  private constructor(folder: string) {
    this.folder = folder;
    // Ctrl-C ends the bench through `Deno.exit`, past all `using`.
    globalThis.addEventListener("unload", () => this[Symbol.dispose]());
    this.child = `${folder}/child.js`;
  }

  /** Copies and installs; throws when `npm` is missing or fails. */
  static async prepare(): Promise<NodeStage> {
    const stage = new NodeStage(await Deno.makeTempDir({ prefix: "herd_bench_" }));
    try {
      const packages = new Set<string>();
      for (const folder of FOLDERS) await stage.#copy(folder, packages);
      await Deno.writeTextFile(`${stage.folder}/package.json`, '{ "type": "module" }\n');
      await stage.#install([...packages]);
      return stage;
    } catch (error) {
      stage[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#removed) return;
    this.#removed = true;
    Deno.removeSync(this.folder, { recursive: true });
  }

  async #copy(folder: string, packages: Set<string>): Promise<void> {
    const from = new URL(folder || ".", import.meta.url);
    await Deno.mkdir(`${this.folder}/${folder}`, { recursive: true });
    for await (const { name } of Deno.readDir(from)) {
      if (!name.endsWith(".ts")) continue;
      const source = await Deno.readTextFile(new URL(name, from));
      const script = stripTypeScriptTypes(source)
        .replaceAll(/(["'])npm:([^"']+)\1/g, (_, quote: string, specifier: string) => {
          const installed = SISTERS[specifier] ?? specifier;
          packages.add(installed);
          return quote + nameOf(installed) + quote;
        })
        .replaceAll(/\.ts(?=["'])/g, ".js");
      await Deno.writeTextFile(`${this.folder}/${folder}${name.replace(/ts$/, "js")}`, script);
    }
  }

  async #install(packages: readonly string[]): Promise<void> {
    const { success, stderr } = await new Deno.Command("npm", {
      args: ["install", "--no-audit", "--no-fund", "--loglevel=error", ...packages],
      cwd: this.folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`npm install: ${new TextDecoder().decode(stderr).trim()}`);
  }
}
