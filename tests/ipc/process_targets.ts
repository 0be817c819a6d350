/** What the processes of `process_test.ts` do. They tell what they saw by a file. */

import {
  active_children,
  current_process,
  parent_process,
  Process,
  ProcessPoolExecutor,
  task,
  Thread,
  ThreadPoolExecutor,
} from "../../mod.ts";

const HERE = import.meta.url;

/** Writes what a test wants to know, all at once. */
function tell(path: string, value: unknown): void {
  Deno.writeTextFileSync(`${path}.part`, JSON.stringify(value));
  Deno.renameSync(`${path}.part`, path);
}

/** What can be seen of a process from within. */
export interface Self {
  readonly name: string;
  readonly pid: number;
  readonly ident: number;
  readonly daemon: boolean;
  readonly alive: boolean;
  readonly exitcode: number | null;
  readonly authkey: string;
  readonly text: string;
  readonly parent: { name: string; pid: number; alive: boolean } | null;
}

export function self(): Self {
  const { name, pid, ident, daemon, exitcode, authkey } = current_process();
  const parent = parent_process();
  return {
    name,
    pid: pid!,
    ident: ident!,
    daemon,
    alive: current_process().is_alive(),
    exitcode,
    authkey: authkey.toHex(),
    text: String(current_process()),
    parent: parent && { name: parent.name, pid: parent.pid, alive: parent.is_alive() },
  };
}

export function tellSelf(path: string): void {
  tell(path, self());
}

/** Tells of itself and of one that it starts. */
export async function tellFamily(path: string): Promise<void> {
  const child = new Process({ target: tellSelf, args: [`${path}.child`], modules: [HERE] });
  child.start();
  const actives = active_children().map(({ name }) => name);
  await child.join();
  const told = JSON.parse(Deno.readTextFileSync(`${path}.child`));
  Deno.removeSync(`${path}.child`);
  tell(path, { self: self(), child: told, code: child.exitcode, actives });
}

/** Leaves its parent's group of processes one level deeper, and says when it comes and goes. */
export async function nest(path: string, id: string, levels: number): Promise<void> {
  Deno.writeTextFileSync(path, `${id} `, { append: true });
  if (levels === 0) return;
  for (const i of [0, 1]) {
    const child = new Process({ target: task(HERE, nest), args: [path, id + i, levels - 1] });
    child.start();
    await child.join();
  }
}

/** Writes its file and then lives until it is ended. */
export function linger(path: string): void {
  setInterval(() => {}, 1_000_000);
  tell(path, "lingers");
}

/** Writes its file and then never lets go of its thread. */
export function spin(path: string): never {
  tell(path, "spins");
  for (;;);
}

/** Asks for SIGTERM and does not obey. */
export function ignoreSigterm(path: string): void {
  Deno.addSignalListener("SIGTERM", () => {});
  setInterval(() => {}, 1_000_000);
  tell(path, "deaf");
}

/** Executors of all kinds inside of a process. */
export async function useExecutors(path: string): Promise<void> {
  await using threads = new ThreadPoolExecutor(1);
  await using processes = new ProcessPoolExecutor({ max_workers: 1 });
  const inThread = await threads.submit(task(HERE, self));
  const inProcess = await processes.submit(task(HERE, self));
  tell(path, { self: self(), inThread, inProcess });
}

/** What a daemon is told that starts children. */
export async function tellDaemonErrors(path: string): Promise<void> {
  const errors: unknown[] = [];
  try {
    new Process({ name: "a process" }).start();
  } catch (error) {
    errors.push(String(error));
  }
  const error = await new ProcessPoolExecutor(1).submit(() => 1).exception() as Error;
  errors.push(error.name, String(error.cause));
  tell(path, errors);
}

/** Code that runs when a process has nothing left to do. */
export function leaveHooks(path: string): void {
  addEventListener("unload", () => tell(path, "unloaded"));
}

/** Work that goes on after the target has returned. */
export function goOn(path: string): void {
  setTimeout(() => tell(path, "went on"), 20);
}

/** What is open in the process, on Linux. */
export function tellDescriptors(path: string): void {
  const open = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).replace(/\d+/g, "N");
    } catch {
      return "gone"; // What lists them.
    }
  });
  tell(path, open.sort());
}

export async function tellInput(path: string): Promise<void> {
  tell(path, [await Deno.stdin.read(new Uint8Array(10))]);
}

export function closeOutput(): void {
  Deno.stdout.close();
  Deno.stderr.close();
}

/** A process with work and state of its own. */
export class Greeter extends Process {
  static override readonly module = HERE;
  static constructed = 0;
  readonly path: string;
  readonly greeting: URL;
  count = 0;

  constructor(path: string) {
    super({ name: "greeter" });
    Greeter.constructed++;
    this.path = path;
    this.greeting = new URL("hello:world");
  }

  override async run(): Promise<void> {
    await Promise.resolve();
    tell(this.path, {
      greeting: this.greeting.href,
      count: ++this.count,
      constructed: Greeter.constructed,
      name: this.name,
      pid: this.pid,
      isCurrent: current_process() === this,
      isGreeter: current_process() instanceof Greeter,
      text: String(this),
    });
  }
}

/** A subclass that still has a target. */
export class Titled extends Process {
  static override readonly module = HERE;
  title = "Dr.";

  override async run(): Promise<void> {
    this.title += " No";
    await super.run();
  }
}

export function tellTitle(path: string): void {
  tell(path, (current_process() as Titled).title);
}

/** Leaves a thread that is no daemon, and one that is. */
export function leaveThreads(path: string): void {
  const write = (path: string, text: string) => Deno.writeTextFileSync(path, text);
  new Thread({ target: () => void setInterval(() => {}, 1_000_000), daemon: true }).start();
  new Thread({ target: () => new Promise(() => {}), daemon: true }).start();
  new Thread({ target: write, args: [path, `"the thread went on"`] }).start();
}
