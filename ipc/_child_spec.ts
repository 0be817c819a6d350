/**
 * How a child process that works for Herd is started: the program, its flags, and its main module.
 */

import type { ChildSpec } from "./_child.ts";
import { mainModule } from "./_main_module.ts";
import { referencedModules } from "./callable.ts";

const ENTRY = new URL("./process_entry.ts", import.meta.url);

/** What all children of one owner have in common. */
export interface ChildOptions {
  readonly program: string;
  /** What they may do, as flags. */
  readonly permissionFlags: readonly string[];
  /** How they find the user's imports, as flags. */
  readonly configFlags: readonly string[];
  /** Megabytes of heap. */
  readonly memoryLimit: number | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/**
 * A child that serves this process.
 *
 * @param modules Modules that it may be asked to import, beside those that callables refer to.
 */
export function childSpec(options: ChildOptions, modules: readonly string[]): ChildSpec {
  const { program, permissionFlags, configFlags, memoryLimit, env, cwd } = options;
  return {
    program,
    permissionFlags,
    env,
    cwd,
    arguments: (link, flags) => [
      "run",
      "--no-prompt",
      "--quiet",
      ...configFlags,
      ...flags,
      ...(memoryLimit === undefined ? [] : [`--v8-flags=--max-old-space-size=${memoryLimit}`]),
      entry([...modules, ...referencedModules(), mainModule()], link),
    ],
  };
}
function entry(modules: readonly string[], settings: unknown): string {
  const entry = JSON.stringify(ENTRY.href);
  const loaders = [...new Set(modules)].map((url) => {
    const literal = JSON.stringify(url);
    return `${literal}: () => import(${literal})`;
  });
  const source = `import { serveParent } from ${entry};\nserveParent(${
    JSON.stringify(settings)
  }, { ${loaders.join(", ")} });`;
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
