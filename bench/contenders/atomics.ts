import { task } from "@herd/concurrent";
import type { PrimitiveName } from "../job.ts";
import { roundsAsync, roundsSync, turnsAsync, turnsSync } from "../peers/atomics_turns.ts";
import { type Contender, noWorkers, type Primitive } from "./contender.ts";
import { handOver } from "./pair.ts";

const peer = new URL("../peers/atomics_turns.ts", import.meta.url);
const turns = { sync: task(peer, turnsSync), async: task(peer, turnsAsync) };
const rounds = { sync: task(peer, roundsSync), async: task(peer, roundsAsync) };

/** The word that a use without a primitive works on. */
const words = new Int32Array(new SharedArrayBuffer(64));

/** A compare-and-swap there and one back. */
function swaps(count: number): void {
  for (let i = 0; i < count; i++) {
    if (Atomics.compareExchange(words, 0, 0, 1) !== 0) throw new Error("it is not free");
    if (Atomics.compareExchange(words, 0, 1, 0) !== 1) throw new Error("it is not held");
  }
}

function setAndClear(count: number): void {
  for (let i = 0; i < count; i++) {
    Atomics.compareExchange(words, 0, 0, 1);
    if (Atomics.load(words, 0) !== 1) throw new Error("it is not set");
    Atomics.compareExchange(words, 0, 1, 0);
  }
}

function additions(count: number): void {
  for (let i = 0; i < count; i++) Atomics.add(words, 0, 1);
}

const uses: Readonly<Partial<Record<PrimitiveName, (count: number) => void>>> = {
  lock: swaps,
  semaphore: swaps,
  event: setAndClear,
  value: additions,
};

/** What anyone can write by hand that trusts all others, and lets nobody time out or die. */
export const atomics: Contender = {
  settings: "bare compareExchange, wait, waitAsync and notify",
  start: noWorkers,
  primitive(name): Primitive {
    words.fill(0);
    const use = uses[name];
    const { sync, async } = name === "barrier" ? rounds : turns;
    return {
      alone: use === undefined ? {} : { sync: use },
      handOver: name === "value" ? {} : {
        sync: (count) => handOver(sync, count),
        async: (count) => handOver(async, count),
      },
    };
  },
};
