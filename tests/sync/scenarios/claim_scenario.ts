/**
 * A parent and two workers that settle by claim words who has a task, without messages: what would be
 * posted stands in shared words, and whoever reads sleeps on a bell.
 *
 * The parent works off a plan: it sends each task to a worker, then leaves it alone, cancels it or
 * moves it to the other worker, and gives a slot to the next task when the worker has answered for it.
 * The faulty variants exist to show that the stepper finds such faults.
 */

import type { Actor } from "../../support/stepper.ts";
import { ClaimTable } from "../../../sync/_claim.ts";
import { Mail } from "./mail.ts";

/** What the parent does with a task after it was sent; a `stop` task runs until it is asked to stop. */
export type Action = "keep" | "cancel" | "move" | "stop";

/** The parts of a {@linkcode ClaimTable} that the protocol uses, for the faulty ones to share. */
export type Claims = Pick<
  ClaimTable,
  "size" | "send" | "claim" | "revoke" | "requestStop" | "running" | "stopRequested" | "free"
>;

/** The memory of one schedule. */
export interface Shared {
  /** One action per task. */
  readonly plan: readonly Action[];
  /** What is wrong on purpose. */
  readonly fault: "none" | "load then store" | "free at revoke";
  /** Claim words, messages and answers of each worker. */
  readonly workers: readonly Wires[];
  /** Rung by the workers for the parent. */
  readonly bell: Int32Array<SharedArrayBuffer>;
  /** How often each task began. */
  readonly runs: Int32Array<SharedArrayBuffer>;
  /** 1 + the number of the worker that last began the task. */
  readonly runner: Int32Array<SharedArrayBuffer>;
}

/** What goes between the parent and one worker. */
export interface Wires {
  readonly table: SharedArrayBuffer;
  readonly inbox: Int32Array<SharedArrayBuffer>;
  readonly outbox: Int32Array<SharedArrayBuffer>;
}

/** What became of a task, as the parent knows it. */
export interface Story {
  /** The workers to which it was sent, in order. */
  sent: number[];
  /** How often the parent took it back. */
  revoked: number;
  /** What each worker answered, by its number. */
  answers: (Answer | undefined)[];
}

/** What a worker answers for a message. */
export type Answer = typeof ANSWERS[number];

const ANSWERS = ["ran", "stopped", "skipped"] as const;
const END = -1;

/** Fresh memory for `plan`, with `slots` claim words per worker. */
export function share(plan: readonly Action[], slots: number, fault: Shared["fault"]): Shared {
  const words = (count: number) => new Int32Array(new SharedArrayBuffer(4 * count));
  const wires = () => ({
    table: ClaimTable.allocate(slots),
    inbox: words(plan.length + 2),
    outbox: words(plan.length + 2),
  });
  return {
    plan,
    fault,
    workers: [wires(), wires()],
    bell: words(1),
    runs: words(plan.length),
    runner: words(plan.length),
  };
}

/** Wrong: a claim or a revocation may come between the load and the store. */
class LoadThenStore extends ClaimTable {
  readonly #words: Int32Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    super(buffer);
    this.#words = new Int32Array(buffer);
  }

  override claim(slot: number): boolean {
    return this.#change(slot, 2);
  }

  override revoke(slot: number): boolean {
    return this.#change(slot, 4);
  }

  #change(slot: number, to: number): boolean {
    if (Atomics.load(this.#words, slot) !== 1) return false;
    Atomics.store(this.#words, slot, to);
    return true;
  }
}

function attach({ fault, workers }: Shared, worker: number): Claims {
  const { table } = workers[worker]!;
  return fault === "load then store" ? new LoadThenStore(table) : new ClaimTable(table);
}

/** An actor: runs what it can claim and answers for each message. */
export function worker({ name, shared }: Actor<Shared>): void {
  const me = name === "first" ? 0 : 1;
  const claims = attach(shared, me);
  const inbox = new Mail(shared.workers[me]!.inbox);
  const outbox = new Mail(shared.workers[me]!.outbox);
  for (let message = inbox.receive(); message !== END; message = inbox.receive()) {
    const [task, slot] = split(message);
    let answer: Answer = "skipped";
    if (claims.claim(slot)) {
      Atomics.add(shared.runs, task, 1);
      Atomics.store(shared.runner, task, 1 + me);
      if (!claims.running(slot)) throw new Error(`Task ${task} runs in a slot that doesn't say so`);
      answer = "ran";
      if (shared.plan[task] === "stop") {
        while (!claims.stopRequested(slot));
        answer = "stopped";
      }
    }
    outbox.post(task * ANSWERS.length + ANSWERS.indexOf(answer));
    Atomics.add(shared.bell, 0, 1);
    Atomics.notify(shared.bell, 0);
  }
}

/** An actor: sends the tasks, does what the plan says, and returns what became of each. */
export function parent({ shared }: Actor<Shared>): Story[] {
  return new Parent(shared).run();
}

class Parent {
  readonly #shared: Shared;
  readonly #stories: Story[];
  readonly #claims: Claims[];
  readonly #inboxes: Mail[];
  readonly #outboxes: Mail[];
  /** For each worker the task in each slot. */
  readonly #slots: (number | undefined)[][];
  /** Tasks whose action is still to be done. */
  #undone: number[] = [];

  constructor(shared: Shared) {
    this.#shared = shared;
    this.#stories = shared.plan.map(() => ({
      sent: [],
      revoked: 0,
      answers: [undefined, undefined],
    }));
    this.#claims = shared.workers.map((_, worker) => attach(shared, worker));
    this.#inboxes = shared.workers.map(({ inbox }) => new Mail(inbox));
    this.#outboxes = shared.workers.map(({ outbox }) => new Mail(outbox));
    this.#slots = this.#claims.map(({ size }) => new Array<undefined>(size).fill(undefined));
  }

  run(): Story[] {
    this.#shared.plan.forEach((_, task) => {
      const worker = task % 2;
      if (this.#freeSlot(worker) === undefined) this.#act();
      this.#send(task, worker);
      this.#undone.push(task);
    });
    this.#act();
    this.#collectUntil(() =>
      this.#stories.every(({ sent, answers }) =>
        sent.every((worker) => answers[worker] !== undefined)
      )
    );
    for (const inbox of this.#inboxes) inbox.post(END);
    return this.#stories;
  }

  #freeSlot(worker: number): number | undefined {
    const slot = this.#slots[worker]!.indexOf(undefined);
    return slot < 0 ? undefined : slot;
  }

  #send(task: number, worker: number): void {
    this.#collectUntil(() => this.#freeSlot(worker) !== undefined);
    const slot = this.#freeSlot(worker)!;
    this.#slots[worker]![slot] = task;
    this.#stories[task]!.sent.push(worker);
    this.#claims[worker]!.send(slot);
    this.#inboxes[worker]!.post(join(task, slot));
  }

  /** Cancels first: a task that is to be stopped may keep both workers from answering. */
  #act(): void {
    const undone = this.#undone;
    this.#undone = [];
    const moved = undone.filter((task) => this.#shared.plan[task] === "move");
    for (const task of undone) {
      if (this.#shared.plan[task] === "cancel") this.#revoke(task);
      if (this.#shared.plan[task] === "stop") this.#cancelOrStop(task);
    }
    for (const task of moved) {
      const worker = this.#stories[task]!.sent[0]!;
      if (this.#revoke(task)) this.#send(task, 1 - worker);
    }
  }

  #cancelOrStop(task: number): void {
    const worker = this.#stories[task]!.sent[0]!;
    const slot = this.#slots[worker]!.indexOf(task);
    if (this.#revoke(task)) return;
    // What can't be taken back has begun, and what has begun can be asked to stop: once is enough.
    if (!this.#claims[worker]!.requestStop(slot)) {
      throw new Error(`Task ${task} can neither be taken back nor asked to stop`);
    }
  }

  #revoke(task: number): boolean {
    const story = this.#stories[task]!;
    const worker = story.sent[0]!;
    const slot = this.#slots[worker]!.indexOf(task);
    if (slot < 0 || !this.#claims[worker]!.revoke(slot)) return false;
    story.revoked++;
    if (this.#shared.fault === "free at revoke") this.#free(worker, slot);
    return true;
  }

  #free(worker: number, slot: number): void {
    this.#slots[worker]![slot] = undefined;
    this.#claims[worker]!.free(slot);
  }

  #collectUntil(done: () => boolean): void {
    while (!done()) {
      const rung = Atomics.load(this.#shared.bell, 0);
      if (!this.#collect()) Atomics.wait(this.#shared.bell, 0, rung);
    }
  }

  /** Takes all answers that are there; `false` when there are none. */
  #collect(): boolean {
    let any = false;
    this.#outboxes.forEach((outbox, worker) => {
      for (let word = outbox.poll(); word !== undefined; word = outbox.poll()) {
        any = true;
        const task = Math.floor(word / ANSWERS.length);
        this.#stories[task]!.answers[worker] = ANSWERS[word % ANSWERS.length]!;
        const slot = this.#slots[worker]!.indexOf(task);
        if (slot >= 0) this.#free(worker, slot);
      }
    });
    return any;
  }
}

function join(task: number, slot: number): number {
  return task * 16 + slot;
}

function split(message: number): [task: number, slot: number] {
  return [message >> 4, message & 15];
}
