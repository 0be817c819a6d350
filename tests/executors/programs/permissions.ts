/**
 * Programs of `permissions_test.ts`, by the name given as first argument; the second may be `killable`.
 * What flags they are run with is said there. Each prints what it saw.
 */

import {
  Lock,
  type Permissions,
  task,
  ThreadPoolExecutor,
  type ThreadPoolOptions,
} from "../../../mod.ts";

const HERE = import.meta.url;
const OTHER = import.meta.resolve("./guarded.ts");
/** Nothing here imports this one. */
const UNKNOWN = import.meta.resolve("./exits.ts");

/** The kinds of permissions, or narrower ones, that the calling realm has. */
export function granted(wanted: Deno.PermissionDescriptor[]): string[] {
  return wanted.map((one) => ({ ...one }))
    .filter((one) => Deno.permissions.querySync({ ...one }).state === "granted")
    .map(({ name, ...narrowed }) => [name, ...Object.values(narrowed)].join("="));
}

/** Gives a permission up; says what is left of it. */
export function revoke(name: Deno.PermissionName): string {
  return Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor).state;
}

/** Whether a lock that was sent along is the sender's. */
export async function isHeld(lock: Lock): Promise<boolean> {
  return await lock.locked();
}

const GRANTED = task(HERE, granted);
const REVOKE = task(HERE, revoke);

const ALL: Deno.PermissionDescriptor[] = [
  { name: "env" },
  { name: "ffi" },
  { name: "import" } as unknown as Deno.PermissionDescriptor,
  { name: "net" },
  { name: "read" },
  { name: "run" },
  { name: "sys" },
  { name: "write" },
];

const SOME: Deno.PermissionDescriptor[] = [
  { name: "env" },
  { name: "env", variable: "HOME" },
  { name: "env", variable: "PATH" },
  { name: "net" },
  { name: "net", host: "localhost:80" },
  { name: "net", host: "localhost:81" },
  { name: "read" },
  { name: "read", path: "/etc" },
  { name: "read", path: "/tmp" },
];

/** A pool of one worker, of the kind that the second argument names. */
function pool(options: ThreadPoolOptions): ThreadPoolExecutor {
  const killable = Deno.args[1] === "killable";
  return new ThreadPoolExecutor({ max_workers: 1, killable, ...options });
}

async function ask(
  permissions: Permissions | undefined,
  wanted: Deno.PermissionDescriptor[],
): Promise<void> {
  await using executor = pool({ permissions });
  console.log((await executor.submit(GRANTED, wanted)).join(" ") || "nothing");
}

function attempt(permissions: unknown): void {
  try {
    new ThreadPoolExecutor({ permissions: permissions as Permissions });
    console.log("made");
  } catch (error) {
    const { name, message } = error as Error;
    console.log(`${error instanceof Deno.errors.NotCapable ? "NotCapable" : name}: ${message}`);
  }
}

async function askOfLock(permissions: Permissions | undefined): Promise<void> {
  await using executor = pool({ permissions });
  const lock = new Lock();
  const free = await executor.submit(task(HERE, isHeld), lock);
  await lock.acquire();
  console.log(free, await executor.submit(task(HERE, isHeld), lock));
  lock.release();
}

const programs: Record<string, () => unknown> = {
  "by default": () => ask(undefined, ALL),
  "inherit": () => ask("inherit", ALL),
  "none": () => ask("none", ALL),
  "empty": () => ask({}, ALL),
  "one kind": () => ask({ net: true }, ALL),
  "each kind as it is": () => ask({ net: "inherit", read: "inherit", env: false }, ALL),
  "lists": () => ask({ env: ["HOME"], net: ["localhost:80"], read: ["/etc"] }, SOME),
  "a list with a URL": () => ask({ read: [new URL("file:///etc")] }, SOME),
  "an empty list": () => ask({ read: [], net: [] }, ALL),
  "too much"() {
    for (const kind of ["env", "ffi", "import", "net", "read", "run", "sys", "write"]) {
      attempt({ [kind]: true });
    }
    attempt({ read: ["/etc"] });
    attempt({ env: ["HOME", "PATH"] });
    attempt({ net: ["localhost:80"] });
  },
  "part of a list"() {
    attempt({ read: ["/etc/ssl"] });
    attempt({ read: ["/etc", "/var"] });
    attempt({ read: true });
  },
  "bad forms"() {
    const forms = ["all", "", 5, true, null, [], { reed: true }, { read: 1 }, { read: "all" }];
    for (const form of forms) attempt(form);
    attempt({ read: [5] });
    attempt({ read: [""] });
    attempt({ read: [new URL("https://example.org/")] });
    attempt({ net: [new URL("file:///etc")] });
    attempt({ deny: { read: ["/etc"] } });
    attempt({ all: true });
  },
  "items that Deno does not know"() {
    attempt({ net: ["https://example.org"] });
    attempt({ sys: ["weather"] });
  },
  async "tasks"() {
    await using executor = pool({ permissions: "none", modules: [OTHER] });
    console.log(await executor.submit((n: number) => n + 1, 1));
    console.log((await executor.submit(GRANTED, ALL)).length);
    console.log((await executor.submit(granted, ALL)).length);
    console.log(
      await executor.submit(task<typeof import("./guarded.ts").triple>(OTHER, "triple"), 2),
    );
    const { triple } = await import("./guarded.ts");
    console.log(await executor.submit(triple, 3));
  },
  async "a module that is not known at the start"() {
    await using executor = pool({ permissions: "none" });
    await executor.ready();
    const late = task<typeof import("./exits.ts").work>(UNKNOWN, "work");
    const error = await executor.submit(late, 2).exception() as Error;
    console.log(`${error.name}: ${error.message}`);
    console.log(await executor.submit((n: number) => n + 1, 1));
  },
  "a lock": () => askOfLock(undefined),
  "a lock, with no permissions": () => askOfLock("none"),
  async "revoke"() {
    await using executor = pool({ permissions: { net: true } });
    console.log(await executor.submit(REVOKE, "net"));
    console.log(Deno.permissions.querySync({ name: "net" }).state);
  },
  async "no read"() {
    await using executor = pool({});
    try {
      console.log(await executor.submit((n: number) => n + 1, 1));
    } catch (error) {
      const { name, message, cause } = error as Error;
      console.log(`${name}: ${message}: ${cause}`);
    }
  },
};

if (import.meta.main) await programs[Deno.args[0]!]!();
