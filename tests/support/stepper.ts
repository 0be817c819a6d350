/**
 * The stepper: runs the production source under every interleaving that a seeded schedule thinks of.
 *
 * Actors are Workers, each running one function of a scenario module. Before that module is imported,
 * `Atomics`, the timers and the clocks of the Worker are replaced by stepping ones
 * (`stepper_actor.ts`). Of all actors only one runs at a time, the one that has the turn, and each
 * atomic operation first offers the turn to everybody. Who gets it is drawn from a generator seeded by
 * `seed` and the schedule's number, so both together name an interleaving that can be run again.
 *
 * - The turn is one word per actor in shared memory, handed from actor to actor; an actor that keeps
 *   the turn pays nothing, and this realm sleeps until the schedule is over.
 * - `wait`, `waitAsync` and `notify` are modelled: waiters stand in one queue, first in, first out. A
 *   waiter with a timeout may time out whenever the schedule says so, and the actors' clocks
 *   (`Date.now`, `performance.now`) then jump to its deadline. `setTimeout` and `AbortSignal.timeout`
 *   are such waiters, too.
 * - Each schedule has a temper, how readily an actor keeps its turn: some faults need a switch at each
 *   operation, others a long undisturbed run of one side.
 * - When nobody can run, that is a deadlock, reported at once.
 * - An actor that dies takes no further step. Its waiters leave the queue, its stack is unwound only
 *   after the schedule was checked, by an error that the scenario must let pass.
 *
 * What it can't see: plain reads and writes are no schedule points (they happen with the preceding
 * atomic operation), memory is sequentially consistent, and what comes from outside (messages, files)
 * isn't scheduled.
 *
 * @module
 */

/** Words of the control buffer that all actors share; written by whoever has the turn. */
export const CONTROL = {
  /** State of the random generator. */
  RANDOM: 0,
  /** Turns taken so far, and how many there may be. */
  STEPS: 1,
  MAX_STEPS: 2,
  /** One of {@linkcode VERDICTS}. */
  VERDICT: 3,
  /** One of {@linkcode TIMEOUTS}. */
  TIMEOUTS: 4,
  /** Of 256 turns, how many an actor keeps that could go on: the schedule's temper. */
  KEEP: 5,
  ACTORS: 6,
  /** Source of the places in the waiters' queue. */
  SEQUENCE: 7,
  /** Rows traced so far; the trace keeps the last {@linkcode ROWS}. */
  ROWS: 8,
  /** Hash of the trace, to count different interleavings. */
  HASH: 9,
  HANDOVERS: 10,
  /** Who has the turn: for the report of an actor that never gives it back. */
  TURN: 11,
  /** From here, {@linkcode ACTOR} words for each actor, then {@linkcode WAITER} words for each waiter. */
  TABLES: 16,
} as const;

/** An actor's words, counted from the start of its part of the control buffer. */
export const ACTOR = {
  /** One of {@linkcode GRANTS}; the only word on which an actor really sleeps. */
  GRANT: 0,
  /** One of {@linkcode STATES}. */
  STATE: 1,
  /** The step at which the actor dies, or -1. */
  DEATH: 2,
  /** The asynchronous waiter or timer for the actor to go on from. */
  DELIVERY: 3,
  /** 1 when the waiter that the actor goes on from timed out. */
  TIMED_OUT: 4,
  WORDS: 5,
} as const;

/** What an actor that sleeps for its turn is told. */
export const GRANTS = { NONE: 0, RUN: 1, STOP: 2, OPEN: 3 } as const;

/** What an actor is doing. */
export const STATES = { READY: 0, ASLEEP: 1, IDLE: 2, DONE: 3, DEAD: 4 } as const;

/** A waiter's words. */
export const WAITER = {
  /** 0 for a free place, 1 while waiting, 2 when woken and not yet delivered. */
  STATE: 0,
  ACTOR: 1,
  /** One of {@linkcode WAITS}. */
  KIND: 2,
  /** What it waits on: a buffer and a byte in it. */
  BUFFER: 3,
  BYTE: 4,
  /** Its place in the queue. */
  SEQUENCE: 5,
  WORDS: 6,
} as const;

/** What a waiter stands for: `Atomics.wait`, `Atomics.waitAsync`, `setTimeout`, an actor's `join`. */
export const WAITS = { SYNC: 0, ASYNC: 1, TIMER: 2, JOIN: 3 } as const;

/** How many waiters there may be at a time, and how many rows of the trace are kept. */
export const WAITERS = 128, ROWS = 512;

/** Numbers of a row: actor, operation, buffer, byte, element size, two operands, result. */
export const ROW = 8;

/** Operations and events as traced; a row stores the index. */
export const OPERATIONS = [
  ...["load", "store", "compareExchange", "exchange", "add", "sub", "and", "or", "xor", "pause"],
  ...["wait", "waitAsync", "notify", "setTimeout", "join"],
  ...["start", "wake", "deliver", "fire", "end", "die"],
] as const;

/** What a `wait` or a `wake` came to; a row stores the index. */
export const ENDINGS = ["ok", "timed-out", "not-equal", "sleeps"] as const;

/** The operations whose result is one of {@linkcode ENDINGS}. */
const WAITING = ["wait", "waitAsync", "wake", "deliver"];

/** How a schedule came out. */
export const VERDICTS = ["running", "complete", "deadlock", "endless"] as const;

/** When waits time out, see {@linkcode Exploration.timeouts}. */
export const TIMEOUTS = ["any", "idle", "never"] as const;

/** What an actor's function gets. */
export interface Actor<Shared> {
  /** The actor's name. */
  readonly name: string;
  /** What `setup` returned, cloned; its SharedArrayBuffers are the same memory for all actors. */
  readonly shared: Shared;
  /** Sleeps until the actor `name` has ended, and says how. */
  join(name: string): "done" | "dead";
}

/** One line of a trace. */
export interface Row {
  readonly actor: string;
  readonly operation: string;
  /** The element, such as `table[0]`, named by where its buffer stands in what `setup` returned. */
  readonly word: string;
  readonly operands: readonly number[];
  readonly result: number | string;
}

/** A schedule that ran to its end, for `check`. */
export interface Outcome<Shared, Results> {
  readonly schedule: number;
  /** What the actors' functions returned; `undefined` for an actor that died. */
  readonly results: Results;
  /** What `setup` returned, to look at the memory as it was left. */
  readonly shared: Shared;
  /** Which actors died. */
  readonly dead: ReadonlySet<string>;
  /** The last {@linkcode ROWS} steps. */
  readonly trace: readonly Row[];
}

/** What to explore. */
export interface Exploration<Shared, Results> {
  /** The module with the actors' functions. */
  scenario: URL;
  /** For each actor the name of its exported function `(actor: Actor<Shared>) => result`. */
  actors: { readonly [name in keyof Results]: string };
  /** Makes the memory of a schedule, before the actors start; must be cloneable. */
  setup: (schedule: number) => Shared;
  /**
   * Throws when the outcome isn't right. A returned text is counted in the report, to show that
   * the schedules reached what they were made for.
   */
  check?: (outcome: Outcome<Shared, Results>) => string | void;
  /** Default 1,000. */
  schedules?: number;
  /** Default 1. */
  seed?: number;
  /** The number of the first schedule, to run a reported one again; default 0. */
  first?: number;
  /**
   * When a `wait` or `waitAsync` with a timeout may time out: at `any` time (the default), when all
   * others are `idle` and then in the order of their deadlines, so that the clock tells how long nobody
   * could go on, or `never`. The last two unmask a lost wake-up behind a sliced wait.
   */
  timeouts?: typeof TIMEOUTS[number];
  /** In half of the schedules the named actor dies within the first so many steps of all actors. */
  deaths?: { readonly [name in keyof Results]?: number };
  /** A schedule with more steps fails as endless; default 10,000. */
  maxSteps?: number;
  /** Go on after a failure and only report it; default `false`. */
  keepGoing?: boolean;
}

/** What was explored. */
export interface Report {
  readonly schedules: number;
  /** How many of the interleavings were different. */
  readonly distinct: number;
  readonly steps: number;
  /** How often the turn went to another actor. */
  readonly handovers: number;
  /** How often `check` returned which text. */
  readonly seen: ReadonlyMap<string, number>;
  /** Empty unless `keepGoing`. */
  readonly failures: readonly InterleavingError[];
}

/** An interleaving that went wrong, and how to run it again. */
export class InterleavingError extends Error {
  /** The name by which the error is printed. */
  override name = "InterleavingError";
  readonly kind: "check" | "thrown" | "deadlock" | "endless";
  readonly seed: number;
  readonly schedule: number;
  readonly trace: readonly Row[];

  constructor(
    kind: InterleavingError["kind"],
    reason: string,
    at: { seed: number; schedule: number; trace: readonly Row[]; cause?: unknown },
  ) {
    super(
      `Cannot pass schedule ${at.schedule} of seed ${at.seed}: ${kind}: ${reason}\n` +
        `Run it again with { seed: ${at.seed}, first: ${at.schedule}, schedules: 1 }\n` +
        formatTrace(at.trace),
      { cause: at.cause },
    );
    this.kind = kind;
    this.seed = at.seed;
    this.schedule = at.schedule;
    this.trace = at.trace;
  }
}

/** What an actor posts: that its module is loaded, that the schedule is over, how its function ended. */
export type FromActor =
  | { type: "ready" }
  | { type: "over" }
  | { type: "result"; value: unknown }
  | { type: "thrown"; error: string }
  | { type: "stopped" };

/** What an actor is sent. */
export type ToActor =
  | { type: "load"; index: number; names: string[]; scenario: string; export: string; board: Board }
  | { type: "start"; shared: unknown };

/** The memory by which the actors pass the turn. */
export interface Board {
  readonly control: Int32Array<SharedArrayBuffer>;
  /** The clock in milliseconds, then each waiter's deadline. */
  readonly times: Float64Array<SharedArrayBuffer>;
  readonly rows: Float64Array<SharedArrayBuffer>;
}

/** Where the words of an actor begin. */
export function actorAt(index: number): number {
  return CONTROL.TABLES + index * ACTOR.WORDS;
}

/** The shared buffers in `value` with their names, in an order that is the same for every clone. */
export function sharedBuffers(value: unknown): Map<SharedArrayBuffer, string> {
  const found = new Map<SharedArrayBuffer, string>();
  const visited = new Set<object>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || visited.has(value)) return;
    visited.add(value);
    if (value instanceof SharedArrayBuffer) found.set(value, path || "memory");
    else if (ArrayBuffer.isView(value)) visit(value.buffer, path);
    else {
      for (const [key, item] of Object.entries(value)) visit(item, path ? `${path}.${key}` : key);
    }
  };
  visit(value, "");
  return found;
}

/**
 * Runs the schedules and returns what they covered.
 *
 * @throws {InterleavingError} for the first schedule in which an actor throws, nobody can go on, the
 * end isn't reached, or `check` throws; with `keepGoing` these are reported instead.
 */
export async function explore<Shared, Results extends { [name in keyof Results]: unknown }>(
  exploration: Exploration<Shared, Results>,
): Promise<Report> {
  const { schedules = 1000, first = 0, keepGoing = false } = exploration;
  const seen = new Map<string, number>();
  const hashes = new Set<number>();
  const failures: InterleavingError[] = [];
  let steps = 0, handovers = 0;
  using stage = new Stage(exploration);
  await stage.load();
  for (let schedule = first; schedule < first + schedules; schedule++) {
    try {
      const text = await stage.run(schedule);
      if (text) seen.set(text, (seen.get(text) ?? 0) + 1);
    } catch (error) {
      if (!keepGoing || !(error instanceof InterleavingError)) throw error;
      failures.push(error);
    }
    const { control } = stage.board;
    steps += control[CONTROL.STEPS]!;
    handovers += control[CONTROL.HANDOVERS]!;
    hashes.add(control[CONTROL.HASH]!);
  }
  return { schedules, distinct: hashes.size, steps, handovers, seen, failures };
}

/** How many lines of a trace a failure prints; `trace` has them all. */
const LINES = 150;

/** The end of the trace as a table; the same step again and again is one line with a count. */
export function formatTrace(trace: readonly Row[]): string {
  const lines: string[][] = [];
  let times = 1;
  trace.forEach(({ actor, operation, word, operands, result }, at) => {
    const cells = [actor, operation, word, operands.join(" → "), String(result)];
    const last = lines.at(-1);
    if (last && cells.every((cell, column) => cell === last[column + 1])) {
      last[6] = `${++times} times`;
    } else {
      times = 1;
      lines.push([String(at + 1), ...cells, ""]);
    }
  });
  lines.splice(0, lines.length - LINES);
  lines.unshift(["", "actor", "operation", "word", "operands", "result", ""]);
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  return lines.map((line) =>
    line.map((cell, column) => column ? cell.padEnd(widths[column]!) : cell.padStart(widths[0]!))
      .join("  ").trimEnd()
  ).join("\n");
}

/** An actor that holds its turn longer than this, in milliseconds, runs without atomic operations. */
const STALL = 60_000;

/** The Workers of one exploration, used for one schedule after the other. */
class Stage<Shared, Results extends { [name in keyof Results]: unknown }> {
  readonly board: Board;
  readonly #names: (keyof Results & string)[];
  readonly #workers: Worker[] = [];
  readonly #settings: Exploration<Shared, Results>;
  /** The last message but `over` of each actor in this schedule. */
  readonly #heard: (FromActor | undefined)[] = [];
  #over = false;
  #settle: { progress(): void; reject(error: Error): void } | undefined;

  constructor(settings: Exploration<Shared, Results>) {
    this.#settings = settings;
    this.#names = Object.keys(settings.actors) as (keyof Results & string)[];
    const words = actorAt(this.#names.length) + WAITERS * WAITER.WORDS;
    this.board = {
      control: new Int32Array(new SharedArrayBuffer(words * 4)),
      times: new Float64Array(new SharedArrayBuffer((1 + WAITERS) * 8)),
      rows: new Float64Array(new SharedArrayBuffer(ROWS * ROW * 8)),
    };
  }

  /** Starts the Workers and has them import the scenario. */
  async load(): Promise<void> {
    this.#names.forEach((name, index) => {
      const worker = new Worker(new URL("./stepper_actor.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<FromActor>) => {
        if (data.type === "over") this.#over = true;
        else this.#heard[index] = data;
        this.#settle?.progress();
      };
      worker.onerror = (event) => {
        event.preventDefault();
        this.#settle?.reject(new Error(`Cannot go on with actor ${name}: ${event.message}`));
      };
      this.#workers.push(worker);
      this.#post(worker, {
        type: "load",
        index,
        names: this.#names,
        scenario: this.#settings.scenario.href,
        export: this.#settings.actors[name],
        board: this.board,
      });
    });
    await this.#until(() => this.#names.every((_, index) => this.#heard[index] !== undefined));
    const failure = this.#heard.find((message) => message?.type === "thrown");
    if (failure) throw new Error(`Cannot load the scenario: ${failure.error}`);
  }

  /** Runs one schedule; returns what `check` returns. */
  async run(schedule: number): Promise<string | void> {
    const { control } = this.board;
    this.#reset(schedule);
    const shared = this.#settings.setup(schedule);
    for (const worker of this.#workers) this.#post(worker, { type: "start", shared });
    this.#grant(0, GRANTS.OPEN);
    await this.#until(() =>
      this.#over &&
      this.#states().every((state, index) =>
        state !== STATES.DONE || this.#heard[index] !== undefined
      )
    );
    try {
      return this.#judge(schedule, shared, VERDICTS[control[CONTROL.VERDICT]!]!);
    } finally {
      this.#names.forEach((_, index) => this.#heard[index] ?? this.#grant(index, GRANTS.STOP));
      await this.#until(() => this.#names.every((_, index) => this.#heard[index] !== undefined));
    }
  }

  [Symbol.dispose](): void {
    // Whoever still sleeps for its turn is woken: a Worker that sleeps can't be terminated.
    this.#names.forEach((_, index) => this.#grant(index, GRANTS.STOP));
    for (const worker of this.#workers) worker.terminate();
  }

  /** Prepares the board: seed, temper, and who dies when. */
  #reset(schedule: number): void {
    const { control, times } = this.board;
    const { seed = 1, timeouts = "any", maxSteps = 10_000, deaths } = this.#settings;
    const random = generator(Math.imul(seed, 0x9e3779b1) ^ Math.imul(schedule + 1, 0x85ebca6b));
    control.fill(0);
    times.fill(0);
    times[0] = 1000;
    this.#heard.length = 0;
    this.#over = false;
    control[CONTROL.MAX_STEPS] = maxSteps;
    control[CONTROL.TIMEOUTS] = TIMEOUTS.indexOf(timeouts);
    control[CONTROL.KEEP] = [0, 96, 192, 240][random() & 3]!;
    control[CONTROL.ACTORS] = this.#names.length;
    this.#names.forEach((name, index) => {
      const within = deaths?.[name];
      const dies = within !== undefined && random() % 2 === 0;
      control[actorAt(index) + ACTOR.DEATH] = dies ? random() % within : -1;
    });
    control[CONTROL.RANDOM] = random();
  }

  /** Says whether the schedule went well: throws, or returns what `check` returns. */
  #judge(schedule: number, shared: Shared, verdict: typeof VERDICTS[number]): string | void {
    const { seed = 1, check } = this.#settings;
    const trace = () => this.#trace(shared);
    const fail = (kind: InterleavingError["kind"], reason: string, cause?: unknown) =>
      new InterleavingError(kind, reason, { seed, schedule, trace: trace(), cause });
    this.#heard.forEach((message, index) => {
      if (message?.type === "thrown") {
        throw fail("thrown", `${this.#names[index]}: ${message.error}`);
      }
    });
    if (verdict === "deadlock") throw fail(verdict, this.#whoSleeps(shared));
    if (verdict === "endless") {
      throw fail(verdict, `not over after ${this.board.control[CONTROL.STEPS]} steps`);
    }
    const states = this.#states();
    const results = Object.fromEntries(this.#names.map((name, index) => {
      const message = this.#heard[index];
      return [name, message?.type === "result" ? message.value : undefined];
    })) as Results;
    const dead = new Set(this.#names.filter((_, index) => states[index] === STATES.DEAD));
    try {
      return check?.({
        schedule,
        results,
        shared,
        dead,
        get trace() {
          return trace();
        },
      });
    } catch (error) {
      throw fail("check", error instanceof Error ? error.message : String(error), error);
    }
  }

  #states(): number[] {
    return this.#names.map((_, index) => this.board.control[actorAt(index) + ACTOR.STATE]!);
  }

  /** Names what each actor that can't go on waits for. */
  #whoSleeps(shared: Shared): string {
    const { control } = this.board;
    const buffers = [...sharedBuffers(shared).values()];
    const sleepers: string[] = [];
    this.#states().forEach((state, index) => {
      if (state !== STATES.ASLEEP && state !== STATES.IDLE) return;
      const on: string[] = [];
      for (let slot = 0; slot < WAITERS; slot++) {
        const at = actorAt(this.#names.length) + slot * WAITER.WORDS;
        if (control[at] === 0 || control[at + WAITER.ACTOR] !== index) continue;
        if (control[at + WAITER.KIND] === WAITS.TIMER) continue;
        const byte = control[at + WAITER.BYTE]!;
        if (control[at + WAITER.KIND] === WAITS.JOIN) on.push(`the end of ${this.#names[byte]}`);
        else on.push(`byte ${byte} of ${buffers[control[at + WAITER.BUFFER]!] ?? "own memory"}`);
      }
      const what = on.length > 0 ? on.join(" and ") : "something that the stepper doesn't schedule";
      sleepers.push(`${this.#names[index]} waits for ${what}`);
    });
    return sleepers.join(", ");
  }

  #trace(shared: Shared): Row[] {
    const { control, rows } = this.board;
    const buffers = [...sharedBuffers(shared).values()];
    const count = control[CONTROL.ROWS]!;
    const trace: Row[] = [];
    for (let row = Math.max(0, count - ROWS); row < count; row++) {
      const at = (row % ROWS) * ROW;
      const [actor, code, buffer, byte, size, a, b, result] = rows.slice(at, at + ROW);
      const operation = OPERATIONS[code!]!;
      trace.push({
        actor: this.#names[actor!]!,
        operation,
        word: size === 0
          ? ""
          : size === -1
          ? this.#names[byte!]!
          : `${buffers[buffer!] ?? "own"}[${byte! / size!}]`,
        operands: [a!, b!].filter((operand) => !Number.isNaN(operand)),
        result: Number.isNaN(result)
          ? ""
          : WAITING.includes(operation)
          ? ENDINGS[result!]!
          : result!,
      });
    }
    return trace;
  }

  #post(worker: Worker, message: ToActor): void {
    worker.postMessage(message);
  }

  #grant(index: number, grant: number): void {
    const { control } = this.board;
    Atomics.store(control, actorAt(index) + ACTOR.GRANT, grant);
    Atomics.notify(control, actorAt(index) + ACTOR.GRANT);
  }

  /** Waits for messages until `done`; rejects when the actors make no progress. */
  async #until(done: () => boolean): Promise<void> {
    if (done()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#settle = { progress: () => done() && resolve(), reject };
    const { control } = this.board;
    let before = -1;
    const watchdog = setInterval(() => {
      const steps = Atomics.load(control, CONTROL.STEPS);
      if (steps === before) {
        const name = this.#names[control[CONTROL.TURN]!];
        reject(new Error(`Cannot go on with the schedule: ${name} keeps its turn for ${STALL} ms`));
      }
      before = steps;
    }, STALL);
    try {
      await promise;
    } finally {
      clearInterval(watchdog);
      this.#settle = undefined;
    }
  }
}

/** Random 31-bit numbers from `seed`. */
function generator(seed: number): () => number {
  const word = new Int32Array([seed]);
  return () => nextRandom(word, 0) >>> 1;
}

/** The next random 32-bit number, by the mulberry32 generator whose state is a word of `words`. */
export function nextRandom(words: Int32Array, at: number): number {
  const state = words[at] = (words[at]! + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}
