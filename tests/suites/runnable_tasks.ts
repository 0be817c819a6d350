/** What the processes and threads of `runnable_suite.ts` do. They tell what they saw by a queue. */

import {
  type Connection,
  current_process,
  current_thread,
  EOFError,
  type Event,
  type Lock,
  Process,
  type ProcessOptions,
  type Queue,
  Thread,
  type Value,
} from "../../mod.ts";

const HERE = import.meta.url;

/** Tells its arguments, in words. */
export async function tellArgs(told: Queue<string[]>, ...args: unknown[]): Promise<void> {
  await told.put(args.map((value) => Deno.inspect(value, { depth: 10, breakLength: Infinity })));
}

/** Who runs this. */
export function who(kind: string): Process | Thread {
  return kind === "Thread" ? current_thread() : current_process();
}

/** What it is called, and in what state it is. */
export interface Self {
  readonly name: string;
  readonly ident: number | null;
  readonly daemon: boolean;
  readonly alive: boolean;
  readonly text: string;
}

/** Tells of itself. */
export async function tellSelf(told: Queue<Self>, kind: string): Promise<void> {
  await told.put(selfOf(who(kind)));
}

/** What can be seen of a process or thread from within. */
export function selfOf(self: Process | Thread): Self {
  const { name, ident, daemon } = self;
  return { name, ident, daemon, alive: self.is_alive(), text: String(self) };
}

/** Tries what can't be done with the one that runs it. */
export async function tellMisuse(told: Queue<string>, kind: string): Promise<void> {
  const self = who(kind);
  const tries = [() => self.join(), () => self.start(), () => self.daemon = true];
  for (const misuse of tries) {
    try {
      await misuse();
      await told.put("went well");
    } catch (error) {
      await told.put(String(error));
    }
  }
}

/** Tells whether a daemon's children are daemons if nobody says. */
export async function tellInherited(told: Queue<boolean>, kind: string): Promise<void> {
  await told.put((kind === "Thread" ? new Thread() : new Process()).daemon);
}

/** Waits, and tells that it goes on. */
export async function waitFor(begun: Event, go: Event, told: Queue<string>): Promise<void> {
  await begun.set();
  await go.wait();
  await told.put("went on");
}

/** Takes a lock, and ends with it. */
export async function endWith(lock: Lock, how: "return" | "throw" | "exit"): Promise<void> {
  await lock.acquire();
  if (how === "throw") throw new Error("with the lock");
  if (how === "exit") Deno.exit(3);
}

/** Shared memory, where it can be. */
export function addTo(value: Value<"i">): void {
  value.add(40);
}

/** A process with work and state of its own; `ThreadGreeter` is the same as a thread. */
export class ProcessGreeter extends Process {
  static override readonly module = HERE;
  static constructed = 0;
  readonly told: Queue<unknown>;
  readonly greeting: URL;
  count = 41;

  constructor(told: Queue<unknown>, options: ProcessOptions) {
    super({ ...options, name: "greeter" });
    ProcessGreeter.constructed++;
    this.told = told;
    this.greeting = new URL("hello:world");
  }

  override run(): unknown {
    return greet(this, this === current_process(), ProcessGreeter.constructed);
  }
}

export class ThreadGreeter extends Thread {
  static override readonly module = HERE;
  static constructed = 0;
  readonly told: Queue<unknown>;
  readonly greeting: URL;
  count = 41;

  constructor(told: Queue<unknown>) {
    super({ name: "greeter" });
    ThreadGreeter.constructed++;
    this.told = told;
    this.greeting = new URL("hello:world");
  }

  override run(): unknown {
    return greet(this, this === current_thread(), ThreadGreeter.constructed);
  }
}

async function greet(
  greeter: ProcessGreeter | ThreadGreeter,
  isCurrent: boolean,
  constructed: number,
): Promise<void> {
  await greeter.told.put({
    greeting: greeter.greeting.href,
    count: ++greeter.count,
    name: greeter.name,
    isCurrent,
    constructed,
  });
}

/** Overrides `run` and does not say where it is. */
export class HomelessProcess extends Process {
  override run(): void {}
}

export class HomelessThread extends Thread {
  override run(): void {}
}

/** Answers what comes through a connection, until its other end is closed. */
export async function echo(end: Connection): Promise<void> {
  for (;;) {
    let message: unknown;
    try {
      message = await end.recv();
    } catch (error) {
      if (error instanceof EOFError) return;
      throw error;
    }
    await end.send(message);
  }
}

/** Leaves its end of a pipe open. */
export async function sendOne(end: Connection): Promise<void> {
  await end.send("one");
}
