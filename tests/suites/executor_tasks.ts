/**
 * What the executor tests run in workers, and the gates by which they hold it there.
 *
 * A gate stops a task at a known place until the test lets it go on, and counts who came by. No test
 * sleeps in the hope that something happened meanwhile.
 */

import v8 from "node:v8";
import vm from "node:vm";
import { current_task, current_thread, TimeoutError, ValueError } from "../../mod.ts";

/** What a task gets of a gate: shared memory, or the folder of a gate that serves processes. */
export type Ticket = SharedArrayBuffer | string;

/** The words of a gate in shared memory. */
const OPEN = 0, ARRIVED = 1, INSIDE = 2, MOST_INSIDE = 3, WORDS = 4;

/** Longest wait at a gate, in milliseconds, so that a failed test ends. */
const LONGEST = 20_000;

/** The test's half of a gate. Disposing it opens it. */
export interface Gate extends Disposable {
  /** For the tasks. */
  readonly ticket: Ticket;
  /** How many tasks have come by. */
  readonly arrived: number;
  /** Resolves when `n` tasks have come by. */
  arrivals(n: number): Promise<void>;
  /** Lets all go on, now and later. */
  open(): void;
}

/** Resolves when `condition` holds; rejects with what was awaited when it does not come to hold. */
export async function until(condition: () => boolean, what = String(condition)): Promise<void> {
  const end = performance.now() + LONGEST;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Cannot go on with the test: waited for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A gate in shared memory, for threads. */
export class ThreadGate implements Gate {
  readonly ticket: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4);
  readonly #words = new Int32Array(this.ticket);

  get arrived(): number {
    return Atomics.load(this.#words, ARRIVED);
  }

  /** The most tasks that were in {@linkcode passAsync} at once. */
  get mostInside(): number {
    return Atomics.load(this.#words, MOST_INSIDE);
  }

  arrivals(n: number): Promise<void> {
    return until(() => this.arrived >= n, `${n} arrivals at a gate`);
  }

  open(): void {
    Atomics.store(this.#words, OPEN, 1);
    Atomics.notify(this.#words, OPEN);
  }

  [Symbol.dispose](): void {
    this.open();
  }
}

/** A gate in a folder, for processes: whoever arrives leaves a file. */
export class FileGate implements Gate {
  readonly ticket: string = Deno.makeTempDirSync({ prefix: "herd-gate-" });

  get arrived(): number {
    return [...Deno.readDirSync(this.ticket)].filter(({ name }) => name !== "open").length;
  }

  arrivals(n: number): Promise<void> {
    return until(() => this.arrived >= n, `${n} arrivals at a gate`);
  }

  open(): void {
    Deno.writeTextFileSync(`${this.ticket}/open`, "");
  }

  /** A gate without its folder is open too. */
  [Symbol.dispose](): void {
    Deno.removeSync(this.ticket, { recursive: true });
  }
}

/** Runs a program that has imported all of Herd as `herd`; resolves when it has ended by itself. */
export async function runProgram(
  source: string,
): Promise<{ code: number; out: string; err: string }> {
  const file = await Deno.makeTempFile({ prefix: "herd-program-", suffix: ".ts" });
  const root = new URL("../../", import.meta.url);
  try {
    const imports = `import * as herd from ${JSON.stringify(new URL("mod.ts", root).href)};`;
    await Deno.writeTextFile(file, `${imports}\n${source}\n`);
    const config = new URL("deno.json", root).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-lock", "--quiet", `--config=${config}`, "-A", file],
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(timer);
    const text = new TextDecoder();
    return { code, out: text.decode(stdout).trim(), err: text.decode(stderr).trim() };
  } finally {
    await Deno.remove(file);
  }
}

/** Counts the calling task as one that came by. */
function arrive(ticket: Ticket): void {
  if (typeof ticket === "string") Deno.writeTextFileSync(`${ticket}/${crypto.randomUUID()}`, "");
  else Atomics.add(new Int32Array(ticket), ARRIVED, 1);
}

function isOpen(ticket: Ticket): boolean {
  if (typeof ticket !== "string") return Atomics.load(new Int32Array(ticket), OPEN) === 1;
  try {
    const names = [...Deno.readDirSync(ticket)].map(({ name }) => name);
    return names.includes("open");
  } catch {
    return true;
  }
}

/** Blocks the thread until the gate is open, at most {@linkcode LONGEST}. */
function waitAt(ticket: Ticket): void {
  const end = performance.now() + LONGEST;
  const own = new Int32Array(new SharedArrayBuffer(4));
  while (!isOpen(ticket)) {
    if (performance.now() > end) throw new Error("Cannot pass: the gate was not opened");
    if (typeof ticket === "string") Atomics.wait(own, 0, 0, 2);
    else Atomics.wait(new Int32Array(ticket), OPEN, 0, 100);
  }
}

/** Waits for the gate without blocking the thread; rejects when `signal` aborts. */
async function waitAtAsync(ticket: Ticket, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + LONGEST;
  while (!isOpen(ticket)) {
    if (performance.now() > end) throw new Error("Cannot pass: the gate was not opened");
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** One realm has one of these, whether it is a thread or a process. */
const REALM = crypto.randomUUID();

/** Which realm runs the task. */
export function realm(): string {
  return REALM;
}

/** Which thread runs the task. */
export function threadName(): string {
  return current_thread().name;
}

/** Gives its argument back. */
export function echo(value: unknown): unknown {
  return value;
}

/** Raises `base` to `exponent`. */
export function power(base: number, exponent: number): number {
  return base ** exponent;
}

/** Divides; the first argument by the second, which must not be 0. */
export function divide(a: number, b: number): number {
  if (b === 0) throw new ValueError(`Cannot divide: by zero: ${a} / ${b}`);
  return a / b;
}

/** Throws whatever it is given, a promise of nothing when `late`. */
export function raise(value: unknown, late = false): unknown {
  if (late) return Promise.reject(value);
  throw value;
}

/** Throws an error of its own class, with a cause and properties. */
export function raiseOwn(code: number): never {
  throw new OwnError("the worker's own words", code, { cause: new TypeError("deeper") });
}

/** An error class that this module exports. */
export class OwnError extends Error {
  override name = "OwnError";
  readonly code: number;
  /** Some languages take an object of length 0 for false. */
  readonly length = 0;

  constructor(message: string, code: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Throws an error that looks like the executor's own. */
export function raiseTimeout(): never {
  throw new TimeoutError("the callable's own timeout");
}

/** Comes by at the gate and goes on. */
export function visit<T>(ticket: Ticket, value?: T): T | undefined {
  arrive(ticket);
  return value;
}

/** Comes by, and blocks its thread until the gate is open. */
export function pass<T>(ticket: Ticket, value?: T): T | undefined {
  arrive(ticket);
  waitAt(ticket);
  return value;
}

/** Blocks in front of the gate and counts as an arrival once past. */
export function passThenVisit(gate: Ticket, visited: Ticket): string {
  waitAt(gate);
  arrive(visited);
  return REALM;
}

/** {@linkcode pass} when there is a gate, else nothing: mostly tiny. */
export function passIf<T>(ticket: Ticket | null, value?: T): T | undefined {
  return ticket === null ? value : pass(ticket, value);
}

/** Opens a gate in shared memory, from a worker. */
export function openIf(ticket: SharedArrayBuffer | null, opens: boolean): string {
  if (ticket === null) return "nothing to do";
  if (!opens) {
    pass(ticket);
    return "passed";
  }
  const words = new Int32Array(ticket);
  Atomics.store(words, OPEN, 1);
  Atomics.notify(words, OPEN);
  return "opened";
}

/** Which realm runs the task, while it is held at the gate. */
export function realmAt(ticket: Ticket): string {
  pass(ticket);
  return REALM;
}

/** Which thread runs the task, while it is held at the gate. */
export function threadNameAt(ticket: Ticket): string {
  pass(ticket);
  return current_thread().name;
}

/** Comes by and waits asynchronously; keeps count of how many do so at once. */
export async function passAsync<T>(ticket: SharedArrayBuffer, value?: T): Promise<T | undefined> {
  const words = new Int32Array(ticket);
  const inside = Atomics.add(words, INSIDE, 1) + 1;
  let most = Atomics.load(words, MOST_INSIDE);
  while (inside > most) most = Atomics.compareExchange(words, MOST_INSIDE, most, inside);
  arrive(ticket);
  try {
    await waitAtAsync(ticket);
    return value;
  } finally {
    Atomics.sub(words, INSIDE, 1);
  }
}

/** Waits asynchronously until the gate is open or the task is asked to stop, and obeys. */
export async function passUnlessStopped(ticket: Ticket): Promise<string> {
  const { signal } = current_task();
  arrive(ticket);
  await waitAtAsync(ticket, signal);
  return "not stopped";
}

/** Waits for a request to stop, and returns all the same. */
export async function noticeStop(ticket: Ticket): Promise<string> {
  const { signal } = current_task();
  arrive(ticket);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return `noticed ${signal.reason.name}`;
}

/** Waits for a request to stop, and fails with something else. */
export async function failWhenStopped(ticket: Ticket): Promise<never> {
  const { signal } = current_task();
  arrive(ticket);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw new ValueError("not because of the request");
}

/** Passes `current_task().signal` to something that rejects with the signal's reason. */
export async function fetchUnlessStopped(ticket: Ticket): Promise<never> {
  const { signal } = current_task();
  arrive(ticket);
  return await new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => {
      reject(new DOMException("The operation was aborted", "AbortError"));
    });
  });
}

/** Loops without ever giving its event loop a turn, until it is asked to stop or the gate is open. */
export function spinUnlessStopped(ticket: Ticket): string {
  const task = current_task();
  arrive(ticket);
  for (let n = 0; n % 1000 !== 0 || !isOpen(ticket); n++) task.checkpoint();
  return "not stopped";
}

/** Loops without a look at its signal, until the gate is open. */
export function spin(ticket: Ticket): string {
  arrive(ticket);
  while (!isOpen(ticket));
  return "not stopped";
}

/** Whether the signal of the task is aborted, once past the gate. */
export function stoppedAt(ticket: Ticket): boolean {
  pass(ticket);
  return current_task().signal.aborted;
}

/** The name of the task, before and after a turn of the event loop. */
export async function taskNames(): Promise<string[]> {
  const before = current_task().name;
  await new Promise((resolve) => setTimeout(resolve, 0));
  return [before, current_task().name];
}

let initialized: unknown[] = [];

/** An initializer: remembers its arguments, and comes by. */
export function remember(ticket: Ticket, ...args: unknown[]): void {
  initialized = [...initialized, ...args];
  arrive(ticket);
}

/** An asynchronous initializer. */
export async function rememberLater(ticket: Ticket, ...args: unknown[]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  remember(ticket, ...args);
}

/** What the initializer remembered, and in which realm. */
export function remembered(): { realm: string; args: unknown[] } {
  return { realm: REALM, args: initialized };
}

/** An initializer that fails once the gate is open. */
export function failAt(ticket: Ticket): never {
  waitAt(ticket);
  throw new OwnError("no database", 7);
}

/** An initializer that ends every worker but the first. */
export function exitUnlessFirst(ticket: Ticket, isFirst: Ticket): void {
  arrive(ticket);
  if (isOpen(isFirst)) Deno.exit(3);
}

/** Ends the worker. */
export function exit(code: number): never {
  Deno.exit(code);
}

/** Ends the worker at one item, and gives the others back. */
export function exitIf(item: number, bad: number): number {
  if (item === bad) Deno.exit(4);
  return item;
}

/** Comes by, throws at one item, and gives the others back. */
export function raiseIf(ticket: Ticket, item: number, bad: number): number {
  arrive(ticket);
  if (item === bad) throw new RangeError(`item ${item}`);
  return item;
}

/** Passes the gate, if there is one, and then throws at one item. */
export function raiseAt(ticket: Ticket | null, item: number, bad: number): number {
  if (item === bad) throw new RangeError(`item ${item}`);
  return passIf(ticket, item)!;
}

/** Takes a while that differs from item to item, and gives the item back. */
export async function delayed(item: number): Promise<number> {
  if (item % 3 === 0) return item;
  await new Promise((resolve) => setTimeout(resolve, item * 7 % 4));
  return item;
}

let held: WeakRef<object> | undefined;

/** Holds on to an object, but not strongly. */
export function holdWeakly(object: object): void {
  held = new WeakRef(object);
}

/** Whether what was held weakly is still there when garbage was collected. */
export async function isHeld(): Promise<boolean> {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  for (let i = 0; i < 10 && held?.deref() !== undefined; i++) {
    // A WeakRef that was looked at stays until the turn of the event loop is over.
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
  return held?.deref() !== undefined;
}
