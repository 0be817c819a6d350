/**
 * Two threads that look for letters in pieces of text, and one that gathers what they find.
 *
 * Threads share no variables: what they have to tell each other goes through queues, and what they count
 * together stands in a `Value`.
 */

import { current_thread, get_context, local, Queue, Thread, Value } from "@herd/concurrent";

/** Looks through pieces until there are no more. */
export async function search(
  pieces: Queue<string>,
  found: Queue<string>,
  searched: Value<"i">,
): Promise<void> {
  for await (const piece of pieces) {
    for (const name of piece.match(/[A-Z]\w+/g) ?? []) await found.put(name);
    searched.add(1);
  }
}

/** A thread with work and state of its own. */
export class Gatherer extends Thread {
  static override module = import.meta.url;

  constructor(readonly found: Queue<string>, readonly result: Queue<string>) {
    super({ name: "gatherer" });
  }

  override async run(): Promise<void> {
    const names = new Set<string>();
    for await (const name of this.found) names.add(name);
    await this.result.put(`${current_thread().name}: ${[...names].sort().join(", ")}`);
  }
}

/** Counts its own calls, in whatever thread they are. */
export function count(calls: local): number {
  return calls.n = Number(calls.n ?? 0) + 1;
}

if (import.meta.main) {
  const [pieces, found, result] = [new Queue<string>(), new Queue<string>(), new Queue<string>()];
  const searched = new Value("i", 0);
  const searchers = [1, 2].map(() =>
    new Thread({ target: search, args: [pieces, found, searched] })
  );
  const gatherer = new Gatherer(found, result);
  for (const thread of [...searchers, gatherer]) thread.start();

  for (const piece of ["Dolly met Molly", "and a ram", "Molly met Polly"]) await pieces.put(piece);
  await pieces.shutdown();
  for (const searcher of searchers) await searcher.join();
  await found.shutdown();
  console.log(await result.get());
  await gatherer.join();
  console.log("pieces:", searched.value, "and still alive:", gatherer.is_alive());

  // What each thread puts into a local is its own.
  const calls = new local();
  count(calls);
  const other = new Thread({ target: count, args: [calls] });
  other.start();
  await other.join();
  console.log("calls here:", count(calls));

  // The same names over threads or over processes: here over threads, which need no permission to run Deno.
  const context = get_context("worker");
  const process = new context.Process({ target: () => Deno.exit(3) });
  process.start();
  await process.join();
  console.log(process.name, "ended with", process.exitcode);
}
