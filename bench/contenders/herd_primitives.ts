import { Barrier, Condition, Event, Lock, Semaphore, task, Value } from "@herd/concurrent";
import type { PrimitiveName } from "../job.ts";
import {
  barrierAsync,
  barrierSync,
  conditionAsync,
  conditionSync,
  eventAsync,
  eventSync,
  lockAsync,
  lockSync,
  semaphoreAsync,
  semaphoreSync,
} from "../peers/herd_turns.ts";
import { type Contender, noWorkers, type Primitive } from "./contender.ts";
import { handOver, type Side } from "./pair.ts";
import { soak } from "./soak.ts";

const peer = new URL("../peers/herd_turns.ts", import.meta.url);

type Alone = Primitive["alone"];

/** Its uses alone, and the two sides of a hand-over with what they share. */
function primitive<S>(alone: Alone, shared: S, sync: Side<[S]>, async: Side<[S]>): Primitive {
  return {
    alone,
    handOver: {
      sync: (count) => handOver(sync, count, shared),
      async: (count) => handOver(async, count, shared),
    },
  };
}

/** Acquires and releases what nobody else wants. */
function acquisitions(lock: Lock | Semaphore): Alone {
  return {
    sync(count) {
      for (let i = 0; i < count; i++) {
        lock.acquireSync();
        lock.release();
      }
    },
    async async(count) {
      for (let i = 0; i < count; i++) {
        await lock.acquire();
        lock.release();
      }
    },
  };
}

function settings(event: Event): Alone {
  return {
    sync(count) {
      for (let i = 0; i < count; i++) {
        event.set();
        event.waitSync();
        event.clear();
      }
    },
    async async(count) {
      for (let i = 0; i < count; i++) {
        event.set();
        await event.wait();
        event.clear();
      }
    },
  };
}

function notifications(condition: Condition): Alone {
  return {
    sync(count) {
      for (let i = 0; i < count; i++) {
        condition.acquireSync();
        condition.notify();
        condition.release();
      }
    },
    async async(count) {
      for (let i = 0; i < count; i++) {
        await condition.acquire();
        condition.notify();
        condition.release();
      }
    },
  };
}

function rounds(barrier: Barrier): Alone {
  return {
    sync(count) {
      for (let i = 0; i < count; i++) barrier.waitSync();
    },
    async async(count) {
      for (let i = 0; i < count; i++) await barrier.wait();
    },
  };
}

function additions(value: Value<"i">): Alone {
  return {
    sync(count) {
      for (let i = 0; i < count; i++) value.add(1);
    },
  };
}

/** A new one of each, by name. */
const makers: Readonly<Record<PrimitiveName, () => Primitive>> = {
  lock: () =>
    primitive(
      acquisitions(new Lock()),
      [new Lock(), new Lock(), new Lock()],
      task(peer, lockSync),
      task(peer, lockAsync),
    ),
  semaphore: () =>
    primitive(
      acquisitions(new Semaphore(1)),
      [new Semaphore(1), new Semaphore(0)],
      task(peer, semaphoreSync),
      task(peer, semaphoreAsync),
    ),
  event() {
    const first = new Event();
    first.set();
    return primitive(
      settings(new Event()),
      [first, new Event()],
      task(peer, eventSync),
      task(peer, eventAsync),
    );
  },
  condition: () =>
    primitive(
      notifications(new Condition()),
      new Condition(),
      task(peer, conditionSync),
      task(peer, conditionAsync),
    ),
  barrier: () =>
    primitive(
      rounds(new Barrier(1)),
      new Barrier(2),
      task(peer, barrierSync),
      task(peer, barrierAsync),
    ),
  value: () => ({
    alone: additions(new Value("i")),
    handOver: {},
  }),
};

/** Herd's primitives, in the main thread and between two workers of a pool. */
export const herdPrimitives: Contender = {
  settings: "defaults; two threads of a ThreadPoolExecutor",
  start: noWorkers,
  primitive: (name) => makers[name](),
  waits() {
    const lock = new Lock();
    lock.acquireSync();
    return {
      make: (count) =>
        Promise.all(Array.from({ length: count }, async (_, i) => {
          await lock.acquire();
          if (i < count - 1) lock.release();
        })),
      grant: () => lock.release(),
    };
  },
  soak: (ms) => soak(ms),
};
