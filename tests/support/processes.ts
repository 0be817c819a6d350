/**
 * Which processes of a test are still there, as Linux tells. A test marks its processes by an
 * environment variable, which their children inherit, whoever their parent is by then.
 */

import { assertEquals } from "@std/assert";

const NAME = "HERD_TEST_RUN";

/** Milliseconds after which waiting is in vain. */
const HANG = 20_000;

/** A process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly ppid: number;
  /** One letter: `Z` is a zombie. */
  readonly state: string;
  readonly command: string;
}

/** All processes of this machine that can be looked at. */
export function processes(): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = Deno.readTextFileSync(`/proc/${name}/stat`);
      // The name, in parentheses, may hold anything.
      const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = Deno.readTextFileSync(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      found.push({ pid: Number(name), ppid: Number(ppid), state: state!, command });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Marks processes, to find them again. */
export class Marked {
  readonly #id = crypto.randomUUID();

  /** What to add to their environment. */
  get env(): Record<string, string> {
    return { [NAME]: this.#id };
  }

  /** Those that live, and whatever they started that lives. */
  alive(): ProcessInfo[] {
    return processes().filter(({ pid }) => {
      try {
        return Deno.readTextFileSync(`/proc/${pid}/environ`).includes(`${NAME}=${this.#id}`);
      } catch {
        return false;
      }
    });
  }

  /** Resolves when none lives any more. */
  async gone(withinMs = HANG): Promise<void> {
    const end = performance.now() + withinMs;
    while (this.alive().length > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(this.alive(), [], `processes are left after ${withinMs} ms`);
  }
}

/** The state of a process, as one letter: `T` is stopped; `undefined` when it is not there. */
export function stateOf(pid: number): string | undefined {
  return processes().find((it) => it.pid === pid)?.state;
}

/** What a descriptor of a process stands for, such as `pipe:[4711]`; `undefined` when it can't be told. */
export function descriptor(pid: number | "self", fd: number | string): string | undefined {
  try {
    return Deno.readLinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

/** What this process's open descriptors stand for. */
export function descriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")]
    .map(({ name }) => descriptor("self", name))
    .filter((target) => target !== undefined);
}

/** Resolves when this process has no children that have ended and were not waited for. */
export async function noZombies(): Promise<void> {
  const zombies = () => processes().filter((it) => it.ppid === Deno.pid && it.state === "Z");
  const end = performance.now() + HANG;
  while (zombies().length > 0 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(zombies(), [], "zombies are left");
}
