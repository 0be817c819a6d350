/**
 * What stands for Herd's code in a child, in `child_command_test.ts`: says what the child got, and what
 * becomes of importing its modules and others.
 */

import { getHeapStatistics } from "node:v8";

/** What a test tells the child. */
export interface Settings {
  /** Which of the modules that are spelled out to import; default all. */
  only?: string[];
  /** Modules to import by URL alone. */
  byUrl?: string[];
  /** Anything; comes back. */
  echo?: unknown;
}

/** What the child prints, as JSON. */
export interface Report {
  echo: unknown;
  /** By URL, what the module exports as `name`, or the error; null when it was not imported. */
  spelledOut: Record<string, unknown>;
  byUrl: Record<string, unknown>;
  heapLimit: number;
  /** The kinds of permission that are left. */
  granted: string[];
}

type Loaders = Record<string, () => Promise<{ name?: unknown }>>;

/** The child's work. */
export async function serve(
  loaders: Loaders,
  { only, byUrl = [], echo }: Settings,
  revoke: Deno.PermissionDescriptor[],
): Promise<void> {
  for (const one of revoke) Deno.permissions.revokeSync(one);
  const load = async (load: () => Promise<{ name?: unknown }>) => {
    try {
      return (await load()).name;
    } catch (error) {
      return String(error);
    }
  };
  const report: Report = {
    echo,
    spelledOut: {},
    byUrl: {},
    heapLimit: getHeapStatistics().heap_size_limit / 2 ** 20,
    granted: ["env", "ffi", "import", "net", "read", "run", "sys", "write"].filter((name) =>
      Deno.permissions.querySync({ name } as Deno.PermissionDescriptor).state === "granted"
    ),
  };
  for (const [url, loader] of Object.entries(loaders)) {
    report.spelledOut[url] = only?.includes(url) === false ? null : await load(loader);
  }
  for (const url of byUrl) report.byUrl[url] = await load(() => import(url));
  console.log(JSON.stringify(report));
}
