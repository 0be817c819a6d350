/** What a task may do to the channel of its own process, if it is up to no good. */

import { toBytes } from "../../ipc/bytes/_bytes.ts";
import { fragments } from "../../ipc/bytes/_fragments.ts";

/** How a child reaches its parent. */
export type Way = "socket" | "pipes";

/** Sends a message in Herd's name, and is ended for it; or else ends itself. */
export async function forge(way: Way, message: unknown): Promise<string> {
  // Last words begin with the number of messages that came before them.
  const count = new Uint8Array(new Uint32Array([2 ** 31]).buffer);
  const messages = way === "socket" ? [[count], toBytes(message)] : [toBytes(message)];
  for (const parts of messages) {
    for (const piece of fragments(parts, marker())) Deno.stderr.writeSync(piece);
  }
  if (way === "socket") Deno.kill(Deno.pid, "SIGKILL");
  await new Promise((resolve) => setTimeout(resolve, 5000));
  return "lived on";
}

/** The same, of a row. */
export async function forgeRow([way, message]: [Way, unknown]): Promise<string> {
  return await forge(way, message);
}

/** Its frames are marked with this, as the main module says. */
function marker(): Uint8Array {
  const { hex } = /marker\W+(?<hex>[\da-f]{32})/.exec(decodeURIComponent(Deno.mainModule))!.groups!;
  return Uint8Array.fromHex(hex!);
}

/** Calls `Deno.exit`, and does not end before the file `go` is there; `ending` says that it is so far. */
export function exitSlowly(ending: string, go: string): never {
  addEventListener("unload", () => {
    Deno.writeTextFileSync(ending, "");
    const end = performance.now() + 600;
    while (performance.now() < end && !exists(go));
  });
  Deno.exit(3);
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Calls `Deno.exit`, and never ends. */
export function exitNever(): never {
  addEventListener("unload", () => {
    for (;;);
  });
  Deno.exit(3);
}

/** Any task, with any arguments. */
export function seven(..._: unknown[]): number {
  return 7;
}
