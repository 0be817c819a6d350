/**
 * One worker of a pool, in the scheduler's hands: its slots, what it has been sent, what it may have.
 */

import type { Channel, ChannelEvents, Launch, WorkerSetup } from "../ipc/workers/_channel.ts";
import { explainCloneError } from "../ipc/values/_codec.ts";
import { ANNOUNCED, CHUNK, EVERY_ROW, SHAPE_BITS } from "../ipc/workers/_protocol.ts";
import { giveUpUnsent } from "../ipc/values/_undelivered.ts";
import { type Call, type CallDescription, loseInterest, whenForgotten } from "../ipc/callable.ts";
import { IN_FLIGHT, type Load as WorkerLoad } from "./_batching.ts";
import { isPlain, Load, ONE_PLAIN, pack, type Parcel, PLAIN } from "./_parcels.ts";
import { shorten } from "./_settle.ts";
import type { Task, TaskHolder } from "./_task.ts";

/**
 * How far a worker's life has come: `starting` until it says that it is ready; `condemned` once it gets
 * no more tasks; `gone` when its channel is closed.
 */
export type WorkerState = "starting" | "ready" | "condemned" | "gone";

/** See the head of the file. */
export class PoolWorker implements WorkerLoad, TaskHolder {
  readonly name: string;
  readonly channel: Channel;
  state: WorkerState = "starting";
  /** How many tasks it may have at once. */
  window = 1;
  /** Occupied slots: tasks not answered yet, those that were taken back included. */
  tasks = 0;
  /** Their expected run time in milliseconds. */
  work = 0;
  /** How many tasks it has been sent for good: those taken back do not count. */
  sent = 0;
  /** Slots of tasks that were taken back, until the worker has skipped them. */
  #revoked = 0;
  /** Tasks with a deadline, for which it may be ended with all that it has been sent. */
  #dangers = 0;
  /** How many messages with the outcomes of tasks it has sent. */
  answers = 0;
  /** Whether something took so long that others were taken back, and nothing has ended since. */
  isHeldUp = false;
  /** Slots of tasks that it was asked to give back. */
  readonly #asked = new Set<number>();
  /** Since when it has had no task, by `performance.now()`. */
  idleSince = 0;
  /** The worker's clock minus this realm's, in milliseconds. */
  clockOffset = 0;
  /** Tasks here whose futures are not settled: while there are any, the program is kept alive. */
  #unsettled = 0;
  #awaited = false;
  /** Whether tasks are being sent, some of which have no slot yet: getters in their arguments may run. */
  #isSending = false;
  readonly #bySlot: (Task | undefined)[];
  readonly #free: number[];
  /** What the task in each slot added to `work`. */
  readonly #estimates: Float64Array;
  /** When the task in each slot was sent: a count. */
  readonly #sentAt: Float64Array;
  #sendings = 0;
  readonly #knownCalls = new Set<number>();

  constructor(launch: Launch, setup: WorkerSetup, events: ChannelEvents) {
    this.name = setup.name;
    this.#bySlot = new Array(setup.slots).fill(undefined);
    this.#free = Array.from({ length: setup.slots }, (_, i) => setup.slots - 1 - i);
    this.#estimates = new Float64Array(setup.slots);
    this.#sentAt = new Float64Array(setup.slots);
    this.channel = launch(setup, events);
  }

  /** It is in no list any more. */
  left(): void {
    this.state = "gone";
    loseInterest(this);
  }

  /** Whether it could take tasks, and neither has any nor is about to. */
  get isIdle(): boolean {
    return this.state === "ready" && this.tasks === 0 && !this.#isSending;
  }

  /** How many more tasks have a slot. */
  get room(): number {
    return this.#free.length;
  }

  /** Whether what it is sent now may be lost, since the worker may have to be ended for a task of it. */
  get isEndangered(): boolean {
    return this.#dangers > 0;
  }

  /** Whether the worker may have to be ended for this task, with what can't be taken back. */
  isDanger(task: Task): boolean {
    return task.settings.deadline !== undefined && !this.channel.claims.shared;
  }

  /** The task in a slot that is still its own. */
  taskIn(slot: number): Task | undefined {
    const task = this.#bySlot[slot];
    return task?.worker === this && task.slot === slot ? task : undefined;
  }

  /** Somebody waits for the worker: it keeps the program alive until it is ready. */
  awaitReady(): void {
    if (this.state !== "starting" || this.#awaited) return;
    this.#awaited = true;
    this.#hold();
  }

  /** The worker can take tasks; `clockOffset` is its clock minus this realm's. */
  becomesReady(clockOffset: number): void {
    if (this.state === "starting") this.state = "ready";
    this.clockOffset = clockOffset;
    if (this.#awaited) this.settled();
    this.#awaited = false;
  }

  #hold(): void {
    this.#unsettled++;
    this.channel.hold(true);
  }

  /**
   * Lets the program end if it may. Not at once with the last task, since the next often follows on its
   * heels, but whenever the scheduler has given out what it has.
   */
  relax(): void {
    if (this.#unsettled === 0) this.channel.hold(false);
  }

  /**
   * Sends tasks, in as few messages as may be; one whose arguments can't be sent fails by itself.
   *
   * A task that moves memory travels alone: a message that fails may have detached what it moves.
   */
  send(tasks: readonly Task[]): void {
    this.#isSending = true;
    this.#send(tasks);
    this.#isSending = false;
  }

  #send(tasks: readonly Task[]): void {
    const [first] = tasks;
    if (tasks.length === 1 && isPlain(first!) && !first!.done()) {
      this.#post(tasks, ONE_PLAIN);
      return;
    }
    let together = new Load();
    for (const task of tasks) {
      // A callback or getter may have settled it since it left the queue.
      if (task.done()) continue;
      if (isPlain(task)) {
        together.add(task, PLAIN);
        continue;
      }
      let parcel: Parcel | "another message";
      try {
        parcel = pack(task, together.scan, this.channel.objects);
        if (parcel === "another message" || parcel.transfer.length > 0) {
          this.#sendLoad(together);
          together = new Load();
        }
        if (parcel === "another message") {
          parcel = pack(task, together.scan, this.channel.objects) as Parcel;
        }
      } catch (error) {
        this.#unsent(task, error);
        continue;
      }
      if (task.done()) {
        this.#giveUp(parcel);
        continue;
      }
      if (parcel.transfer.length > 0) this.#post([task], [parcel]);
      else together.add(task, parcel);
    }
    this.#sendLoad(together);
  }

  #sendLoad(load: Load): void {
    const { tasks, parcels } = load.live((parcel) => this.#giveUp(parcel));
    if (tasks.length === 0 || this.#post(tasks, parcels) || tasks.length === 1) return;
    for (const [i, task] of tasks.entries()) {
      if (task.done()) this.#giveUp(parcels[i]!);
      else this.#post([task], [parcels[i]!]);
    }
  }

  /** Posts one message. When it does not go, nothing of it has gone, and a single task fails by it. */
  #post(tasks: readonly Task[], parcels: readonly Parcel[]): boolean {
    const calls: CallDescription[] = [];
    const heads: number[] = [];
    const values: unknown[] = [];
    const [{ transfer }] = parcels as [Parcel];
    for (let i = 0; i < tasks.length; i++) {
      const task = tasks[i]!;
      const parcel = parcels[i]!;
      if (!this.#knownCalls.has(task.call.id)) calls.push(this.#introduce(task.call));
      this.#occupy(task);
      const args = parcel.values ?? task.args;
      const flags = parcel.flags | (task.rows > 0 ? CHUNK : 0) |
        (task.settings.deadline === undefined ? 0 : ANNOUNCED) |
        (task.rows > 0 && task.settings.everyRow ? EVERY_ROW : 0);
      heads.push(task.slot, task.call.id, args.length << SHAPE_BITS | flags);
      for (let j = 0; j < args.length; j++) values.push(args[j]);
    }
    try {
      const introduced = calls.length > 0 ? calls : null;
      this.channel.post({ kind: "run", calls: introduced, heads, values }, transfer);
    } catch (error) {
      for (const task of tasks) {
        // A getter may have cancelled it meanwhile; the worker will never skip what it never got.
        if (this.channel.claims.isRevoked(task.slot)) this.#revoked--;
        this.take(task.slot);
      }
      for (const call of calls) this.#knownCalls.delete(call.id);
      if (tasks.length === 1) {
        this.#giveUp(parcels[0]!);
        this.#unsent(tasks[0]!, error);
      }
      return false;
    }
    this.sent += tasks.length;
    if (transfer.length > 0) tasks[0]!.moved = true;
    for (let i = 0; i < tasks.length; i++) if (parcels[i]!.moves) tasks[i]!.moved = true;
    return true;
  }

  /** What was made ready will not be sent. */
  #giveUp({ values }: Parcel): void {
    giveUpUnsent(values, this.channel.objects);
  }

  /** A task's arguments can't be sent: it fails, or a chunk at that row, or that row alone. */
  #unsent(task: Task, error: unknown): void {
    if (task.done()) return;
    const explain = (error: unknown) =>
      explainCloneError(error, `the arguments of ${nameOf(task)}`);
    if (task.rows > 1 && shorten(task, explain)) this.#send([task]);
    else task.set_exception(explain(error));
  }

  #introduce(call: Call): CallDescription {
    const { id } = call;
    this.#knownCalls.add(id);
    const self = new WeakRef(this);
    const forget = () => {
      const worker = self.deref();
      if (worker === undefined || worker.state === "gone") return;
      worker.#knownCalls.delete(id);
      worker.channel.post({ kind: "forget", call: id }, []);
    };
    whenForgotten(call, forget, this);
    return call.description!;
  }

  #occupy(task: Task): void {
    const slot = this.#free.pop()!;
    this.#bySlot[slot] = task;
    const estimate = expectedTime(task);
    this.#estimates[slot] = estimate;
    this.#sentAt[slot] = this.#sendings++;
    this.work += estimate;
    this.tasks++;
    if (this.isDanger(task)) this.#dangers++;
    task.worker = this;
    task.slot = slot;
    this.channel.claims.send(slot);
    this.#hold();
  }

  /** Takes the task out of its slot, which is free then: the worker has answered for it, or is gone. */
  take(slot: number): Task | undefined {
    const task = this.#bySlot[slot];
    if (task === undefined) return undefined;
    this.channel.claims.free(slot);
    this.#asked.delete(slot);
    this.#bySlot[slot] = undefined;
    this.#free.push(slot);
    this.tasks--;
    if (this.isDanger(task)) this.#dangers--;
    this.work = this.tasks === 0 ? 0 : this.work - this.#estimates[slot]!;
    if (task.worker === this && task.slot === slot) {
      task.worker = undefined;
      if (!task.done()) this.settled();
      return task;
    }
    return undefined;
  }

  /** The worker has skipped a task; whether that one was taken back. */
  skipped(slot: number): boolean {
    if (!this.channel.claims.isRevoked(slot)) return false;
    this.take(slot);
    this.#revoked--;
    this.sent--;
    return true;
  }

  /** The worker has skipped a task that it was asked to give back: the task, if it is still to be run. */
  givenBack(slot: number): Task | undefined {
    if (!this.#asked.has(slot) || this.channel.claims.stopRequested(slot)) return undefined;
    this.sent--;
    const task = this.take(slot);
    return task?.done() ? undefined : task;
  }

  /** A task has ended. */
  progressed(): void {
    this.answers++;
    this.isHeldUp = false;
  }

  /** How many tasks wait here behind others, or for the worker to be ready. */
  waiting(concurrency: number): number {
    const running = this.state === "starting" ? 0 : concurrency;
    return Math.max(0, this.tasks - this.#revoked - this.#asked.size - running);
  }

  /** One of its tasks, still in its slot, got its outcome or was taken back. */
  settled(): void {
    this.#unsettled--;
  }

  /**
   * Takes a task back that has not begun; its slot stays occupied until the worker has skipped it.
   *
   * @returns Whether it could; a task that runs is asked to stop instead.
   */
  revokeOrStop(task: Task): boolean {
    const revoked = this.channel.claims.revoke(task.slot);
    if (revoked) this.#revoked++;
    // The worker may be waiting for the task's module, or for what the task awaits.
    if (revoked || this.channel.claims.requestStop(task.slot)) {
      this.channel.post({ kind: "stop", slots: [task.slot] }, []);
    }
    return revoked;
  }

  /** Whether the worker has begun the task. */
  isRunning(task: Task): boolean {
    return this.channel.claims.running(task.slot);
  }

  /** The tasks here that it has begun. */
  running(): Task[] {
    return this.#own().filter((task) => this.isRunning(task));
  }

  /** How many tasks it has begun, and how many wait here. */
  count(): { running: number; waiting: number } {
    const running = this.running();
    const waiting = this.#own().filter((task) => !task.done()).length;
    return { running: running.length, waiting: waiting - running.filter((t) => !t.done()).length };
  }

  /**
   * Takes back up to `most` tasks that have not begun, the latest sent first.
   *
   * @returns The tasks, in the order of their submission; they belong to no worker now.
   */
  revokeLatest(most: number): Task[] {
    const latestFirst = this.#inSendingOrder().reverse();
    const revoked: Task[] = [];
    for (const task of latestFirst) {
      if (revoked.length === most) break;
      if (task.done() || task.moved || !this.channel.claims.revoke(task.slot)) continue;
      task.worker = undefined;
      this.#revoked++;
      this.settled();
      revoked.push(task);
    }
    // One of them may be waiting for its module there.
    const slots = revoked.map((task) => task.slot);
    if (slots.length > 0) this.channel.post({ kind: "stop", slots }, []);
    return revoked.sort((a, b) => a.order - b.order);
  }

  /**
   * Takes back all that waits behind tasks that were mistaken for short ones, which are not any more. Where no
   * memory is shared, the worker is asked for that, and gives back what it has not begun by then.
   *
   * @returns What it has at once.
   */
  relieve(concurrency: number): Task[] {
    this.isHeldUp = true;
    const { claims } = this.channel;
    const tasks = this.#inSendingOrder();
    const running = claims.shared
      ? tasks.filter((task) => this.isRunning(task))
      : tasks.splice(0, concurrency);
    for (const { call, rows } of running) {
      call.mean = Math.max(call.mean ?? 0, IN_FLIGHT / Math.max(1, rows));
    }
    if (claims.shared) return this.revokeLatest(Infinity);
    const slots = tasks.filter((task) => !task.done() && !task.moved).map(({ slot }) => slot)
      .filter((slot) => !this.#asked.has(slot) && !claims.stopRequested(slot));
    for (const slot of slots) this.#asked.add(slot);
    if (slots.length > 0) this.channel.post({ kind: "recall", slots }, []);
    return [];
  }

  /** All its tasks, when the worker is gone, in the order of their submission. */
  takeAll(): Task[] {
    const tasks = this.#own();
    for (const task of tasks) this.take(task.slot);
    return tasks;
  }

  #inSendingOrder(): Task[] {
    return this.#own().sort((a, b) => this.#sentAt[a.slot]! - this.#sentAt[b.slot]!);
  }

  #own(): Task[] {
    return this.#bySlot.filter((task, slot) => task?.worker === this && task.slot === slot)
      .sort((a, b) => a!.order - b!.order) as Task[];
  }
}

/** How errors call a task. */
export function nameOf({ call }: Task): string {
  return call.name || "the task";
}

/** The expected run time of a task in milliseconds; one that is not known is expected to be long. */
export function expectedTime({ call, rows }: Task): number {
  return call.mean === undefined ? IN_FLIGHT : call.mean * Math.max(1, rows);
}
