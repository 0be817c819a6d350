/** Says what becomes of spare memory: it outlives a collection, and is gone after some more. */
import { giveBack, snapshot } from "../../../ipc/values/_snapshots.ts";

const gc: () => void = Reflect.get(globalThis, "gc");
const buffer = new WeakRef(lendOnce());

function lendOnce(): ArrayBufferLike {
  const copy = snapshot(new Uint8Array(2 ** 21));
  giveBack([copy]);
  return copy.buffer;
}

/** Collects, and has what follows from it happen. */
async function collect(): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve));
  gc();
  await new Promise((resolve) => setTimeout(resolve));
  return buffer.deref() === undefined;
}

console.log(await collect() ? "lost" : "kept");
let turns = 0;
while (!await collect() && ++turns < 1000);
console.log(turns < 1000 ? "gone" : "still there");
