/** What Herd's clients of a manager do in the bench. */
import { type Address, type Barrier, SyncManager } from "@herd/concurrent";

/** Calls before those that are timed. */
const WARM_UP = 200;

/** Asks a dict for a value, as a client of its own; the milliseconds from the common start to its end. */
export async function ask(
  address: Address,
  authkey: Uint8Array,
  count: number,
  all: Barrier,
): Promise<number> {
  await using manager = await new SyncManager({ address, authkey }).connect();
  const dict = await manager.dict({ key: 1 });
  for (let i = 0; i < WARM_UP; i++) await dict.get("key");
  await all.wait();
  const start = performance.now();
  for (let i = 0; i < count; i++) await dict.get("key");
  return performance.now() - start;
}
