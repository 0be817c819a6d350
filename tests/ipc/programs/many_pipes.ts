/** Makes pipes without end, uses each, and lets go of it: how many megabytes more that takes after the first. */

import { type Connection, Pipe } from "../../../mod.ts";

/** How they are let go of. */
const WAYS: Record<string, (a: Connection, b: Connection) => void> = {
  "closed": (a, b) => {
    a.close();
    b.close();
  },
  "dropped": () => {},
  "one end dropped": (a) => a.close(),
  "with an end inside": (a) => {
    const [c] = Pipe();
    a.sendSync([c]);
    c.close();
  },
};

const PIPES = 10_000;
const ROUND = 500;

function collect(): void {
  (globalThis as unknown as { gc(): void }).gc();
}

async function makeSome(letGo: (a: Connection, b: Connection) => void): Promise<void> {
  for (let i = 0; i < ROUND; i++) {
    const [a, b] = Pipe();
    a.sendSync({ i });
    b.recvSync();
    b.sendSync("left behind");
    letGo(a, b);
  }
  collect();
  // What was collected is told in a later turn.
  await new Promise((resolve) => setTimeout(resolve));
}

if (import.meta.main) {
  const letGo = WAYS[Deno.args[0]!]!;
  for (let i = 0; i < 4; i++) await makeSome(letGo);
  const { rss } = Deno.memoryUsage();
  for (let i = 0; i < PIPES / ROUND; i++) await makeSome(letGo);
  for (let i = 0; i < 3; i++) await makeSome(letGo);
  console.log(Math.round((Deno.memoryUsage().rss - rss) / 1e6));
}
