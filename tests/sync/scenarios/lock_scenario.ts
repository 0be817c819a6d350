/**
 * Threads that acquire and release locks in all ways, one at a time, and touch what these protect.
 *
 * What is protected is a counter, read and written with a schedule point between, and the number of who is
 * inside. The faulty variants exist to show that the stepper finds such faults.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { Actor } from "../../support/stepper.ts";
import { setTaskSource } from "../../../sync/_task_source.ts";
import { Ownership } from "../../../sync/_ownership.ts";
import type { SharedRecord } from "../../../sync/_shareable.ts";
import { OWN_WORDS } from "../../../sync/_wait_queue.ts";
import { CancelledError } from "../../../sync/errors.ts";
import { Lock } from "../../../sync/lock.ts";
import { RLock } from "../../../sync/rlock.ts";
import { join, joinsAs, makeProcess, note, type Process, receive, record } from "./process.ts";

export { launcher } from "./process.ts";

/** How a lock is acquired. The nested ones acquire it once more inside, where it is an RLock. */
export type Way =
  | "sync"
  | "sync nested"
  | "sync timed"
  | "sync poll"
  | "async"
  | "async nested"
  | "async timed"
  | "async poll"
  | "async aborted";

/** What is wrong on purpose. */
export type Fault = "none" | "free unseen" | "release whole";

/** The memory of one schedule. */
export interface Shared {
  readonly process: Process;
  /** Whoever acquires takes them in turn. */
  readonly locks: readonly SharedRecord[];
  /** For each actor its tasks, which run at the same time, and each of whose ways in turn. */
  readonly plans: { readonly [actor: string]: readonly (readonly Way[])[] };
  readonly fault: Fault;
  /** For each lock: the counter; who is inside, or 0; how often somebody was found inside who had died. */
  readonly words: readonly Int32Array<SharedArrayBuffer>[];
}

/** Fresh memory. */
export function share(
  kind: "Lock" | "RLock",
  plans: Shared["plans"],
  others: readonly string[] = [],
  { count = 1, fault = "none" as Fault } = {},
): Shared {
  const locks = Array.from(
    { length: count },
    () => record(kind === "Lock" ? new Lock() : new RLock()),
  );
  const objects = locks.map(([, , memory]) => memory as SharedArrayBuffer);
  return {
    process: makeProcess([...Object.keys(plans), ...others], objects),
    locks,
    plans,
    fault,
    words: locks.map(() => new Int32Array(new SharedArrayBuffer(12))),
  };
}

const { tryFree } = Ownership.prototype;
const { release } = RLock.prototype;
const context = new AsyncLocalStorage<object>();
setTaskSource(() => context.getStore());

function plant(fault: Fault): void {
  Ownership.prototype.tryFree = fault !== "free unseen" ? tryFree : function (this: Ownership) {
    // Wrong: whoever joins the queue after the look is not seen.
    const word = OWN_WORDS;
    if ((Atomics.load(this.queue.words, word) & 2) !== 0) return false;
    Atomics.store(this.queue.words, word, 0);
    return true;
  };
  RLock.prototype.release = fault !== "release whole" ? release : function (this: RLock) {
    // Wrong: it was acquired more than once.
    void Reflect.apply(release, this, []);
    return Reflect.apply(release, this, []).catch(() => {});
  };
}

/** An actor; returns how long it took by the stepped clock. */
export async function thread(actor: Actor<Shared>): Promise<number> {
  const { name, shared } = actor;
  const start = performance.now();
  plant(shared.fault);
  const me = join(actor, shared.process);
  const locks = shared.locks.map((record) => receive<Lock | RLock>(record));
  let last = 0;
  const visit = (isAsync: boolean) => {
    const at = (me + ++last) % locks.length;
    return new Visit(locks[at]!, shared.words[at]!, me, last, isAsync);
  };
  await Promise.all(shared.plans[name]!.map((ways) =>
    context.run({}, async () => {
      for (const way of ways) await visit(way.startsWith("async")).by(way);
    })
  ));
  return performance.now() - start;
}

/** One acquisition, and what follows. */
class Visit {
  readonly #lock: Lock | RLock;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #me: number;
  readonly #number: number;
  readonly #isAsync: boolean;

  constructor(
    lock: Lock | RLock,
    words: Int32Array<SharedArrayBuffer>,
    me: number,
    number: number,
    isAsync: boolean,
  ) {
    this.#lock = lock;
    this.#words = words;
    this.#me = me;
    this.#number = number;
    this.#isAsync = isAsync;
  }

  by(way: Way): Promise<void> | void {
    joinsAs(this.#number);
    note(this.#me, "begins", this.#number);
    return this.#isAsync ? this.#async(way) : this.#sync(way);
  }

  #sync(way: Way): void {
    const lock = this.#lock;
    const got = lock.acquireSync(
      way === "sync timed" ? { timeout: 5 } : way === "sync poll" ? { block: false } : undefined,
    );
    if (!got) return note(this.#me, "misses", this.#number);
    const nested = way === "sync nested" && lock instanceof RLock;
    this.#enter();
    if (nested) {
      if (!lock.acquireSync({ timeout: 0 })) throw new Error("not acquired again");
      void lock.release();
    }
    this.#touch();
    this.#leave();
    void lock.release();
  }

  async #async(way: Way): Promise<void> {
    const lock = this.#lock;
    const got = await this.#acquire(way);
    if (!got) return note(this.#me, "misses", this.#number);
    this.#enter();
    if (way === "async nested" && lock instanceof RLock) {
      if (!await lock.acquire({ block: false })) throw new Error("not acquired again");
      await null;
      await lock.release();
    } else if (way === "async" || way === "async nested") {
      await null;
    } else {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    this.#touch();
    this.#leave();
    await lock.release();
  }

  #acquire(way: Way): Promise<boolean> {
    if (way === "async timed") return this.#lock.acquire({ timeout: 5 });
    if (way === "async poll") return this.#lock.acquire({ timeout: 0 });
    if (way !== "async aborted") return this.#lock.acquire();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 5);
    return this.#lock.acquire({ signal: controller.signal }).catch((error) => {
      if (error instanceof CancelledError) return false;
      throw error;
    }).finally(() => clearTimeout(timer));
  }

  #enter(): void {
    const other = this.#words[1]!;
    if (other !== 0 && !this.#lock.abandoned) throw new Error(`${other} is inside, too`);
    note(this.#me, "gets", this.#number);
    if (other !== 0) this.#words[2]!++;
    this.#words[1] = this.#me;
  }

  #touch(): void {
    const seen = this.#words[0]!;
    Atomics.pause();
    if (this.#words[1] !== this.#me) throw new Error("another has come inside");
    this.#words[0] = seen + 1;
  }

  #leave(): void {
    this.#words[1] = 0;
    note(this.#me, "leaves", this.#number);
  }
}
