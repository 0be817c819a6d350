/**
 * A parent and a worker with a hatch between them, and messages in shared words.
 *
 * The parent works off a plan: each task goes through the hatch where it may, or must go by message;
 * before the next the parent waits for the answer, or does not. The worker reads its messages, and looks
 * through the hatch for a while whenever it has answered everything. The faulty variants exist to show
 * that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { Hatch, Sight } from "../../../sync/_hatch.ts";
import { Mail } from "./mail.ts";

/** How a task is sent: `small` through the hatch, if it is open; `eager` without an answer to the last. */
export type Sending = "small" | "eager small" | "large" | "eager large";

/** The memory of one schedule. */
export interface Shared {
  /** One for each task. */
  readonly plan: readonly Sending[];
  /** What is wrong on purpose. */
  readonly fault: "none" | "close by store" | "ignore messages";
  readonly hatch: SharedArrayBuffer;
  /** Tasks, by number, that come by message. */
  readonly inbox: Int32Array<SharedArrayBuffer>;
  /** Tasks, by number, that were answered. */
  readonly outbox: Int32Array<SharedArrayBuffer>;
}

const END = -1;
/** Looks through the hatch before the worker reads its messages again. */
const LOOKS = 4;

/** Fresh memory for `plan`. */
export function share(plan: readonly Sending[], fault: Shared["fault"]): Shared {
  const words = () => new Int32Array(new SharedArrayBuffer(4 * (plan.length + 2)));
  return { plan, fault, hatch: Hatch.allocate(), inbox: words(), outbox: words() };
}

/** Wrong: a task that is put between the last look and the store is lost. */
class CloseByStore extends Hatch {
  readonly #word: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.#word = new Int32Array(buffer);
  }

  override close(): number {
    Atomics.store(this.#word, 0, 0);
    return Sight.closed;
  }
}

function attach({ fault, hatch }: Shared): Hatch {
  return fault === "close by store" ? new CloseByStore(hatch) : new Hatch(hatch);
}

/** An actor: returns the tasks in the order in which it ran them, and how many came by the hatch. */
export function worker({ shared }: Actor<Shared>): { ran: number[]; caught: number } {
  const hatch = attach(shared);
  const inbox = new Mail(shared.inbox);
  const outbox = new Mail(shared.outbox);
  const ran: number[] = [];
  let [read, caught] = [0, 0];
  const run = (task: number) => {
    ran.push(task);
    hatch.open(shared.fault === "ignore messages" ? 0 : read);
    outbox.post(task);
  };
  for (let task = inbox.receive(); task !== END; task = inbox.receive()) {
    read++;
    run(task);
    for (let looks = 0, seen: number = Sight.nothing; seen !== Sight.closed;) {
      seen = ++looks < LOOKS ? hatch.take() : hatch.close();
      if (seen < 0) continue;
      caught++;
      looks = 0;
      run(seen);
    }
  }
  return { ran, caught };
}

/** An actor: sends the tasks. */
export function parent({ shared }: Actor<Shared>): void {
  const hatch = attach(shared);
  const inbox = new Mail(shared.inbox);
  const outbox = new Mail(shared.outbox);
  let [posted, answered] = [0, 0];
  const post = (task: number) => {
    hatch.shut(posted);
    inbox.post(task);
    posted++;
  };
  shared.plan.forEach((sending, task) => {
    if (!sending.startsWith("eager")) { for (; answered < task; answered++) outbox.receive(); }
    const read = shared.fault === "ignore messages" ? 0 : posted;
    if (!sending.endsWith("small") || !hatch.put(task, read)) post(task);
  });
  for (; answered < shared.plan.length; answered++) outbox.receive();
  post(END);
}
