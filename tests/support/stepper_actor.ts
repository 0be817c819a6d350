/**
 * An actor of the stepper: a Worker whose `Atomics`, timers and clocks wait for the turn.
 *
 * One actor has the turn; all others sleep on their own `GRANT` word. Only the one with the turn runs,
 * so it alone reads and writes the board, without further protection:
 *
 * 1. Before an operation it draws who goes on: {@linkcode choose}. If that is itself, it goes on.
 * 2. Else it sets the other's `GRANT` to `RUN` and sleeps until its own is set.
 * 3. It does the operation with the real `Atomics`, writes a row of the trace, and runs on.
 *
 * An actor that sleeps in `Atomics.wait`, or whose asynchronous function has nothing to do, gives the
 * turn away in the same manner and is drawn again when it was woken or may time out. When nobody can be
 * drawn, the schedule is over.
 */

import {
  ACTOR,
  type Actor,
  actorAt,
  type Board,
  CONTROL,
  ENDINGS,
  type FromActor,
  GRANTS,
  nextRandom,
  OPERATIONS,
  ROW,
  ROWS,
  sharedBuffers,
  STATES,
  TIMEOUTS,
  type ToActor,
  VERDICTS,
  WAITER,
  WAITERS,
  WAITS,
} from "./stepper.ts";

type Integers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** What a waiter came to. */
type Ending = "ok" | "timed-out";

const real = {
  atomics: Atomics,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
};

/** Thrown through an actor's stack to end it; production code may run its `finally` blocks on it. */
class StopActor extends Error {
  override name = "StopActor";
}

let control: Board["control"], times: Board["times"], rows: Board["rows"];
let names: string[] = [];
let me = 0;
let act: (actor: Actor<unknown>) => unknown;

/** Whether operations are stepped: from the start of a schedule until this actor's end. */
let acting = false;
let stopped = false;
/** The first error of this schedule that no promise of the scenario carried. */
let uncaught: unknown;
let buffers = new Map<ArrayBufferLike, number>();
/** What to call when the waiter in a place of the queue is delivered. */
const deliveries = new Map<number, (ending: Ending) => void>();

// ---- Drawing who goes on

/** Where the words of a waiter begin. */
function waiterAt(slot: number): number {
  return actorAt(control[CONTROL.ACTORS]!) + slot * WAITER.WORDS;
}

function word(actor: number, name: keyof typeof ACTOR): number {
  return control[actorAt(actor) + ACTOR[name]]!;
}

function setWord(actor: number, name: keyof typeof ACTOR, value: number): void {
  control[actorAt(actor) + ACTOR[name]] = value;
}

/** A random number below `limit`. */
function below(limit: number): number {
  return nextRandom(control, CONTROL.RANDOM) % limit;
}

/** Draws who takes the next step, and prepares it; -1 when the schedule is over. */
function choose(): number {
  const actors = control[CONTROL.ACTORS]!;
  for (;;) {
    const step = control[CONTROL.STEPS]!;
    if (step >= control[CONTROL.MAX_STEPS]!) return conclude("endless");
    for (let actor = 0; actor < actors; actor++) {
      const death = word(actor, "DEATH");
      if (death >= 0 && death <= step) die(actor);
    }
    if (word(me, "STATE") === STATES.READY && below(256) < control[CONTROL.KEEP]!) {
      control[CONTROL.STEPS]!++;
      return me;
    }
    const runnable = candidates();
    if (runnable.length > 0) {
      control[CONTROL.STEPS]!++;
      return prepare(runnable[below(runnable.length)]!, actors);
    }
    // A death that is still to come comes now: time goes by while nobody can run.
    const dying = names.findIndex((_, actor) => word(actor, "DEATH") >= 0);
    if (dying < 0) return conclude(anyLeft(actors) ? "deadlock" : "complete");
    die(dying);
  }
}

/** Who can take a step: actors by their index, then waiters by their place behind the actors. */
function candidates(): number[] {
  const actors = control[CONTROL.ACTORS]!;
  const timeouts = TIMEOUTS[control[CONTROL.TIMEOUTS]!]!;
  const runnable: number[] = [];
  const late: number[] = [];
  for (let actor = 0; actor < actors; actor++) {
    if (word(actor, "STATE") === STATES.READY) runnable.push(actor);
    if (word(actor, "STATE") === STATES.IDLE) {
      const slot = oldestWoken(actor);
      if (slot >= 0) runnable.push(actors + slot);
    }
  }
  for (let slot = 0; slot < WAITERS; slot++) {
    const at = waiterAt(slot);
    if (control[at] !== 1 || times[1 + slot] === Infinity) continue;
    const kind = control[at + WAITER.KIND]!;
    const state = word(control[at + WAITER.ACTOR]!, "STATE");
    if (state !== (kind === WAITS.SYNC ? STATES.ASLEEP : STATES.IDLE)) continue;
    if (kind === WAITS.TIMER || timeouts !== "never") late.push(actors + slot);
  }
  if (timeouts === "idle") return runnable.length > 0 ? runnable : earliest(late, actors);
  // A timeout is drawn seldom while others can run: it is one event against their many steps.
  return runnable.length > 0 && below(4) > 0 ? runnable : [...runnable, ...late];
}

/** Those of the waiters that time out first, as they do when nothing else happens. */
function earliest(late: readonly number[], actors: number): number[] {
  const deadline = (candidate: number) => times[1 + candidate - actors]!;
  const first = Math.min(...late.map(deadline));
  return late.filter((candidate) => deadline(candidate) === first);
}

/** Makes a drawn candidate ready to run; returns its actor. */
function prepare(candidate: number, actors: number): number {
  if (candidate < actors) return candidate;
  const slot = candidate - actors;
  const at = waiterAt(slot);
  const actor = control[at + WAITER.ACTOR]!;
  const timedOut = control[at] === 1;
  if (timedOut) times[0] = Math.max(times[0]!, times[1 + slot]!);
  setWord(actor, "TIMED_OUT", timedOut ? 1 : 0);
  setWord(actor, "DELIVERY", slot);
  setWord(actor, "STATE", STATES.READY);
  control[at] = 0;
  return actor;
}

function oldestWoken(actor: number): number {
  let oldest = -1;
  for (let slot = 0; slot < WAITERS; slot++) {
    const at = waiterAt(slot);
    if (control[at] !== 2 || control[at + WAITER.ACTOR] !== actor) continue;
    if (oldest < 0 || place(slot) < place(oldest)) oldest = slot;
  }
  return oldest;
}

function place(slot: number): number {
  return control[waiterAt(slot) + WAITER.SEQUENCE]!;
}

function anyLeft(actors: number): boolean {
  for (let actor = 0; actor < actors; actor++) {
    if (word(actor, "STATE") < STATES.DONE) return true;
  }
  return false;
}

/** Ends the schedule. */
function conclude(verdict: typeof VERDICTS[number]): -1 {
  control[CONTROL.VERDICT] = VERDICTS.indexOf(verdict);
  post({ type: "over" });
  return -1;
}

/** Takes an actor out of the schedule, unless it is done already. */
function die(actor: number): void {
  setWord(actor, "DEATH", -1);
  if (word(actor, "STATE") >= STATES.DONE) return;
  setWord(actor, "STATE", STATES.DEAD);
  for (let slot = 0; slot < WAITERS; slot++) {
    if (control[waiterAt(slot) + WAITER.ACTOR] === actor) control[waiterAt(slot)] = 0;
  }
  trace(actor, "die");
  wake(WAITS.JOIN, 0, actor, Infinity);
}

// ---- Passing the turn

/** Offers the turn; returns when this actor is drawn. */
function turn(): void {
  if (stopped) throw new StopActor("The schedule is over");
  const next = choose();
  if (next === me) return;
  if (next >= 0) handTo(next);
  sleepUntilGranted();
}

function handTo(actor: number): void {
  control[CONTROL.HANDOVERS]!++;
  control[CONTROL.TURN] = actor;
  const at = actorAt(actor) + ACTOR.GRANT;
  real.atomics.store(control, at, GRANTS.RUN);
  real.atomics.notify(control, at);
}

/** @throws {StopActor} when the schedule is over instead. */
function sleepUntilGranted(): void {
  const at = actorAt(me) + ACTOR.GRANT;
  let grant: number;
  do {
    real.atomics.wait(control, at, GRANTS.NONE);
    grant = real.atomics.exchange(control, at, GRANTS.NONE);
    // Whoever gave the turn before may have been held up between its store and its notification.
  } while (grant === GRANTS.NONE);
  if (grant === GRANTS.STOP) {
    stopped = true;
    throw new StopActor("The schedule is over");
  }
  if (grant === GRANTS.OPEN) {
    const first = choose();
    if (first === me) return;
    if (first >= 0) handTo(first);
    sleepUntilGranted();
  }
}

// ---- Waiters

/** Puts a waiter at the end of the queue; returns its place. */
function enqueue(kind: number, buffer: number, byte: number, timeout: number): number {
  for (let slot = 0; slot < WAITERS; slot++) {
    const at = waiterAt(slot);
    if (control[at] !== 0 || deliveries.has(slot)) continue;
    control[at] = 1;
    control[at + WAITER.ACTOR] = me;
    control[at + WAITER.KIND] = kind;
    control[at + WAITER.BUFFER] = buffer;
    control[at + WAITER.BYTE] = byte;
    control[at + WAITER.SEQUENCE] = ++control[CONTROL.SEQUENCE]!;
    times[1 + slot] = times[0]! + timeout;
    return slot;
  }
  throw new RangeError(`Cannot wait under the stepper: all ${WAITERS} places are taken`);
}

/** Wakes up to `count` waiters on a byte, the longest waiting first; returns how many. */
function wake(kind: number, buffer: number, byte: number, count: number): number {
  const found: number[] = [];
  for (let slot = 0; slot < WAITERS; slot++) {
    const at = waiterAt(slot);
    if (
      control[at] === 1 && control[at + WAITER.BUFFER] === buffer &&
      control[at + WAITER.BYTE] === byte && (control[at + WAITER.KIND] === WAITS.JOIN) ===
        (kind === WAITS.JOIN) &&
      control[at + WAITER.KIND] !== WAITS.TIMER
    ) found.push(slot);
  }
  found.sort((a, b) => place(a) - place(b));
  if (found.length > count) found.length = count;
  for (const slot of found) {
    const at = waiterAt(slot);
    if (control[at + WAITER.KIND] === WAITS.ASYNC) {
      control[at] = 2;
      control[at + WAITER.SEQUENCE] = ++control[CONTROL.SEQUENCE]!;
    } else {
      control[at] = 0;
      setWord(control[at + WAITER.ACTOR]!, "TIMED_OUT", 0);
      setWord(control[at + WAITER.ACTOR]!, "STATE", STATES.READY);
    }
  }
  return found.length;
}

/** How this actor's waiter ended that it goes on from. */
function ending(): Ending {
  return word(me, "TIMED_OUT") === 1 ? "timed-out" : "ok";
}

/** Sleeps as a waiter until woken or timed out. */
function sleep(kind: number, buffer: number, byte: number, timeout: number): Ending {
  enqueue(kind, buffer, byte, timeout);
  setWord(me, "STATE", STATES.ASLEEP);
  turn();
  return ending();
}

// ---- What the scenario sees

/** Appends a row to the trace. */
function trace(
  actor: number,
  operation: typeof OPERATIONS[number],
  [buffer, byte, size]: readonly [number, number, number] = [0, 0, 0],
  [a, b]: readonly number[] = [],
  result = NaN,
): void {
  const code = OPERATIONS.indexOf(operation);
  const at = (control[CONTROL.ROWS]! % ROWS) * ROW;
  rows[at] = actor;
  rows[at + 1] = code;
  rows[at + 2] = buffer;
  rows[at + 3] = byte;
  rows[at + 4] = size;
  rows[at + 5] = a ?? NaN;
  rows[at + 6] = b ?? NaN;
  rows[at + 7] = result;
  control[CONTROL.ROWS]!++;
  const row = (actor * 32 + code) * 4096 + buffer * 512 + byte;
  control[CONTROL.HASH] = Math.imul(control[CONTROL.HASH]! ^ row, 0x01000193) + (result | 0);
}

/** Which byte an element is, and its size. */
function locate(array: Integers, index: number): readonly [number, number, number] {
  let buffer = buffers.get(array.buffer);
  if (buffer === undefined) {
    buffer = (1 + me) * 1000 + buffers.size;
    buffers.set(array.buffer, buffer);
  }
  const size = array.BYTES_PER_ELEMENT;
  return [buffer, array.byteOffset + Number(index) * size, size];
}

/** A stepped operation that only reads and writes. */
function stepped(name: typeof OPERATIONS[number], operation: (...values: never[]) => unknown) {
  return (array: Integers, index: number, ...operands: unknown[]): unknown => {
    if (acting) turn();
    const result = Reflect.apply(operation, real.atomics, [array, index, ...operands]);
    if (acting) trace(me, name, locate(array, index), operands.map(Number), Number(result));
    return result;
  };
}

/** `undefined` and NaN wait for ever, as do timers of more than 11 days: those only keep alive. */
function limit(timeout: number | undefined): number {
  const time = Number(timeout);
  return Number.isNaN(time) || time > 1e9 ? Infinity : Math.max(0, time);
}

/** The part that `wait` and `waitAsync` share; `undefined` when there is to be waited. */
function beforeWait(
  name: "wait" | "waitAsync",
  array: Int32Array | BigInt64Array,
  index: number,
  value: number | bigint,
  timeout: number,
): "not-equal" | "timed-out" | undefined {
  if (!(array.buffer instanceof SharedArrayBuffer)) throw new TypeError("Not a shared array");
  turn();
  const expected = typeof value === "number" ? value | 0 : value;
  const equal = real.atomics.load(array as Int32Array, index) === expected;
  const early = !equal ? "not-equal" : timeout === 0 ? "timed-out" : undefined;
  const operands = timeout === Infinity ? [Number(value)] : [Number(value), timeout];
  trace(me, name, locate(array, index), operands, ENDINGS.indexOf(early ?? "sleeps"));
  return early;
}

const waiting = {
  wait(array: Int32Array, index: number, value: number, timeout?: number) {
    if (!acting) return real.atomics.wait(array, index, value, timeout);
    const time = limit(timeout);
    const early = beforeWait("wait", array, index, value, time);
    if (early) return early;
    const where = locate(array, index);
    const result = sleep(WAITS.SYNC, where[0], where[1], time);
    trace(me, "wake", where, [], ENDINGS.indexOf(result));
    return result;
  },

  waitAsync(array: Int32Array, index: number, value: number, timeout?: number) {
    if (!acting) return real.atomics.waitAsync(array, index, value, timeout);
    const time = limit(timeout);
    const early = beforeWait("waitAsync", array, index, value, time);
    if (early) return { async: false, value: early };
    const where = locate(array, index);
    const slot = enqueue(WAITS.ASYNC, where[0], where[1], time);
    const { promise, resolve } = Promise.withResolvers<Ending>();
    deliveries.set(slot, (ending) => {
      trace(me, "deliver", where, [], ENDINGS.indexOf(ending));
      resolve(ending);
    });
    return { async: true, value: promise };
  },

  notify(array: Int32Array, index: number, count = Infinity) {
    if (!acting) return real.atomics.notify(array, index, count);
    turn();
    const where = locate(array, index);
    const woken = wake(WAITS.SYNC, where[0], where[1], Math.max(0, Math.trunc(count)));
    trace(me, "notify", where, count === Infinity ? [] : [count], woken);
    return woken;
  },

  pause() {
    if (acting) turn();
    if (acting) trace(me, "pause");
  },

  isLockFree: (size: number) => real.atomics.isLockFree(size),
};

/** What the stepped `setTimeout` and `setInterval` return, with the methods of Deno's own. */
class SteppedTimer {
  /** The timer's place in the queue; -1 once it fired or was cleared, and for an interval. */
  slot = -1;

  close(): this {
    if (this.slot >= 0 && acting) {
      deliveries.delete(this.slot);
      control[waiterAt(this.slot)] = 0;
    }
    this.slot = -1;
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.toPrimitive](): number {
    return -1;
  }
}

type Callback = (...values: unknown[]) => void;

/** Timers are waiters that nobody can wake; an interval never fires, it can only keep alive. */
const timers = {
  setTimeout(callback: Callback, delay = 0, ...values: unknown[]) {
    if (!acting) return real.setTimeout(callback, delay, ...values);
    const timer = new SteppedTimer();
    const slot = timer.slot = enqueue(WAITS.TIMER, -1, 0, limit(delay));
    trace(me, "setTimeout", undefined, [delay]);
    deliveries.set(slot, () => {
      timer.slot = -1;
      trace(me, "fire", undefined, [delay]);
      callback(...values);
    });
    return timer;
  },

  clearTimeout(timer?: number | SteppedTimer): void {
    if (timer instanceof SteppedTimer) timer.close();
    else real.clearTimeout(timer);
  },

  setInterval(callback: Callback, delay?: number, ...values: unknown[]) {
    return acting ? new SteppedTimer() : real.setInterval(callback, delay, ...values);
  },

  clearInterval(timer?: number | SteppedTimer): void {
    if (!(timer instanceof SteppedTimer)) real.clearInterval(timer);
  },
};

/** `AbortSignal.timeout` by the stepped clock. */
function abortAfter(delay: number): AbortSignal {
  const controller = new AbortController();
  const reason = new DOMException("Signal timed out.", "TimeoutError");
  timers.setTimeout(() => controller.abort(reason), delay);
  return controller.signal;
}

/** Puts the stepping versions in place of the globals. */
function replaceGlobals(): void {
  const atomics: Record<string, unknown> = { ...waiting };
  for (const name of OPERATIONS.slice(0, OPERATIONS.indexOf("pause"))) {
    atomics[name] = stepped(name, Reflect.get(real.atomics, name));
  }
  Object.defineProperty(globalThis, "Atomics", { value: atomics });
  for (const [name, value] of Object.entries(timers)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  AbortSignal.timeout = abortAfter;
  Date.now = () => acting ? 1_700_000_000_000 + times[0]! : real.dateNow();
  performance.now = () => acting ? times[0]! : real.performanceNow();
}

/** `Actor.join`. */
function join(name: string): "done" | "dead" {
  turn();
  const actor = names.indexOf(name);
  if (word(actor, "STATE") < STATES.DONE) sleep(WAITS.JOIN, 0, actor, Infinity);
  trace(me, "join", [0, actor, -1]);
  return word(actor, "STATE") === STATES.DEAD ? "dead" : "done";
}

// ---- The course of a schedule

/** This Worker's own end of the channel. */
const port = self as unknown as Pick<Worker, "postMessage" | "onmessage">;

function post(message: FromActor): void {
  port.postMessage(message);
}

/** Runs the actor's function in one schedule. */
function start(shared: unknown): void {
  buffers = new Map([...sharedBuffers(shared).keys()].map((buffer, id) => [buffer, id]));
  deliveries.clear();
  uncaught = undefined;
  stopped = false;
  acting = true;
  let ended: FromActor | undefined;
  const failed = (error: unknown) => {
    ended = { type: "thrown", error: Deno.inspect(error) };
  };
  try {
    sleepUntilGranted();
    trace(me, "start");
    const result = act({ name: names[me]!, shared, join });
    if (!(result instanceof Promise)) return end({ type: "result", value: result });
    result.then((value) => ended = { type: "result", value }, failed);
  } catch (error) {
    failed(error);
    return end(ended);
  }
  // Microtasks have run dry whenever this runs: then the actor has ended, or has nothing to do.
  const idle = () => {
    if (ended || stopped || uncaught !== undefined) return end(ended);
    try {
      setWord(me, "STATE", STATES.IDLE);
      turn();
      deliver();
    } catch (error) {
      uncaught = error;
    }
    setImmediate(idle);
  };
  setImmediate(idle);
}

/** Goes on from the waiter that was drawn. */
function deliver(): void {
  const slot = word(me, "DELIVERY");
  const delivery = deliveries.get(slot);
  deliveries.delete(slot);
  delivery?.(ending());
}

/** Leaves the schedule and gives the turn away. */
function end(ended: FromActor | undefined): void {
  acting = false;
  if (stopped) return post({ type: "stopped" });
  if (uncaught !== undefined) ended = { type: "thrown", error: Deno.inspect(uncaught) };
  trace(me, "end");
  post(ended ?? { type: "stopped" });
  setWord(me, "STATE", STATES.DONE);
  wake(WAITS.JOIN, 0, me, Infinity);
  const next = choose();
  if (next >= 0) handTo(next);
}

port.onmessage = async ({ data }: MessageEvent<ToActor>) => {
  if (data.type === "start") return start(data.shared);
  ({ control, times, rows } = data.board);
  ({ names, index: me } = data);
  replaceGlobals();
  try {
    const module: Record<string, unknown> = await import(data.scenario);
    const found = module[data.export];
    if (typeof found !== "function") throw new TypeError(`No function: ${data.export}`);
    act = (actor) => found(actor);
    post({ type: "ready" });
  } catch (error) {
    post({ type: "thrown", error: Deno.inspect(error) });
  }
};

self.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  if (!(event.reason instanceof StopActor)) uncaught ??= event.reason;
});

// What a listener throws reaches no promise.
self.addEventListener("error", (event) => {
  event.preventDefault();
  if (!(event.error instanceof StopActor)) uncaught ??= event.error;
});
