/** The tasks of `killable_test.ts`: what threads are doing when their end comes. */

import { current_task } from "../../mod.ts";

/** Builtins that Deno loads when they are first asked for: at that moment a thread must not be stopped. */
const LAZY = ["http2", "crypto", "zlib", "readline", "tls", "dgram", "repl", "inspector", "dns"];

const deeds = {
  spin(): never {
    for (;;);
  },
  catching(): never {
    for (;;) {
      try {
        for (;;) JSON.parse("[1, 2]");
      } catch {
        // It shall not be caught.
      }
    }
  },
  async microtasks(): Promise<never> {
    for (;;) await null;
  },
  wait(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  async linger(): Promise<void> {
    await new Promise(() => {});
  },
  async load(): Promise<void> {
    for (const name of LAZY) await import(`node:${name}`);
  },
  async loadAndSpin(): Promise<never> {
    for (const name of LAZY.slice(0, 4)) await import(`node:${name}`);
    for (;;) new Response(crypto.randomUUID()).headers.get("content-type");
  },
  async timers(): Promise<never> {
    for (;;) await new Promise((resolve) => setTimeout(resolve));
  },
  obey(): never {
    for (;;) current_task().checkpoint();
  },
  exit(): never {
    Deno.exit(3);
  },
  nothing(): void {},
};

/** What {@linkcode perform} can do. */
export type Deed = keyof typeof deeds;

/** All of it. */
export const DEEDS = Object.keys(deeds) as readonly Deed[];

/** Does what it is told. */
export function perform(deed: Deed): unknown {
  return deeds[deed]();
}
