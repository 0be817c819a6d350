/** What the tests of pipes have done in other realms. */

import {
  type Connection,
  connection,
  EOFError,
  type Lock,
  Pipe,
  ProcessPoolExecutor,
  type Queue,
  task,
  ThreadPoolExecutor,
} from "../../mod.ts";

/** How an end is after a call. */
export interface State {
  readonly closed: boolean;
  readonly readable: boolean;
  readonly writable: boolean;
}

/** What a call came to. */
export interface Outcome {
  readonly value: unknown;
  readonly error: unknown;
  readonly state: State;
}

/** The ends that others have here called, by numbers of theirs. */
const ends = new Map<number, Connection>();

/** Takes an end over. */
export function adopt(id: number, end: Connection): void {
  ends.set(id, end);
}

/** Calls a method of an end. */
export async function act(id: number, method: string, args: unknown[]): Promise<Outcome> {
  const end = ends.get(id)!;
  let value: unknown;
  let error: unknown;
  try {
    value = await Reflect.apply(Reflect.get(end, method), end, args);
    // What was received into memory that is a copy here.
    if (method === "recv_bytes_into") value = [value, args[0]];
  } catch (thrown) {
    error = thrown;
  }
  const { closed, readable, writable } = end;
  return { value, error, state: { closed, readable, writable } };
}

/** `connection.wait` for ends that are here; the places of those that are ready. */
export async function waitHere(ids: readonly number[], timeout?: number): Promise<number[]> {
  const all = ids.map((id) => ends.get(id)!);
  const ready = await connection.wait(all, timeout);
  return ready.map((end) => all.indexOf(end));
}

/** Sends back what comes, until the end; how much that was. */
export async function echo(end: Connection): Promise<number> {
  using _end = end;
  for (let n = 0;; n++) {
    try {
      await end.send(await end.recv());
    } catch (error) {
      if (error instanceof EOFError) return n;
      throw error;
    }
  }
}

/** The same by blocking. */
export function echoSync(end: Connection): number {
  using _end = end;
  for (let n = 0;; n++) {
    try {
      end.sendSync(end.recvSync());
    } catch (error) {
      if (error instanceof EOFError) return n;
      throw error;
    }
  }
}

/** Does nothing, with whatever it is given. */
export function nothing(_given?: unknown): void {}

/** What an end can do. */
export function flags(end: Connection): [boolean, boolean] {
  const able: [boolean, boolean] = [end.readable, end.writable];
  end.close();
  return able;
}

/** Gives one end of a new pipe, says something at the other, and sends back one thing. */
export function give(text: string): Connection {
  const [mine, yours] = Pipe();
  const serve = async () => {
    await mine.send(text);
    await mine.send(await mine.recv());
    mine.close();
  };
  serve();
  // It is sent a moment later.
  setTimeout(() => yours.close(), 1000);
  return yours;
}

/** Gives back what it was given, which is let go of here. */
export function giveBack(end: Connection): Connection {
  setTimeout(() => end.close(), 1000);
  return end;
}

/** Puts one of two ends, and once that was answered gets another. */
export async function putEnd(
  queue: Queue<Connection>,
  mine: Connection,
  yours: Connection,
): Promise<unknown> {
  await queue.put(yours);
  yours.close();
  await mine.send("from the queue");
  const answer = await mine.recv();
  mine.close();
  using end = await queue.get();
  await end.send("got");
  return answer;
}

/** Receives a lock and an end, and says when it has the lock. */
export async function greetWhoIsInside(from: Connection): Promise<boolean> {
  const { lock, end } = await from.recv() as { lock: Lock; end: Connection };
  from.close();
  await end.send("waiting");
  await lock.acquire();
  await end.send("inside");
  await lock.release();
  end.close();
  return true;
}

/** Has an end used by a worker of its own. */
export async function passOn(end: Connection, to: "thread" | "child"): Promise<number> {
  await using executor = to === "thread"
    ? new ThreadPoolExecutor(1)
    : new ProcessPoolExecutor({ max_workers: 1, permissions: "none" });
  const count = await executor.submit(task(import.meta.url, echo), end);
  end.close();
  return count;
}

/** What each method that blocks has to say. */
export function refused(end: Connection): string[] {
  const calls = [
    () => end.sendSync(1),
    () => end.recvSync(),
    () => end.send_bytesSync(new Uint8Array()),
    () => end.recv_bytesSync(),
    () => end.pollSync(),
  ];
  return calls.map((call) => {
    try {
      call();
      return "it was done";
    } catch (error) {
      return String(error);
    }
  });
}

/** Says that it is there, sends numbers, and ends this worker. */
export async function exitAfter(end: Connection, count: number): Promise<void> {
  await end.send("ready");
  for (let n = 0; n < count; n++) await end.send(n);
  Deno.exit(3);
}

/** Sends as fast as it goes, by blocking where that is possible. */
export async function sendForEver(end: Connection, bytes: number): Promise<void> {
  await end.send("ready");
  const load = new Uint8Array(bytes);
  const blocks = canBlock(end);
  for (let n = 0;; n++) {
    if (blocks) end.sendSync([n, load]);
    else await end.send([n, load]);
  }
}

/** Receives as fast as it goes, by blocking where that is possible. */
export async function receiveForEver(end: Connection): Promise<void> {
  await end.send("ready");
  const blocks = canBlock(end);
  for (;;) {
    if (blocks) end.recvSync();
    else await end.recv();
  }
}

function canBlock(end: Connection): boolean {
  try {
    end.pollSync();
    return true;
  } catch {
    return false;
  }
}

/** Says that it is there, and receives until that fails; by what. Another end is only held. */
export async function readyUntilEnd(end: Connection, _held?: Connection): Promise<string> {
  await end.send("ready");
  return await untilEnd(end);
}

/** Receives until that fails; by what. */
export async function untilEnd(end: Connection): Promise<string> {
  try {
    for (;;) await end.recv();
  } catch (error) {
    return (error as Error).name;
  }
}

/** The same by blocking. */
export function untilEndSync(end: Connection): string {
  try {
    for (;;) end.recvSync();
  } catch (error) {
    return (error as Error).name;
  }
}

/** Says that it is there, and then nothing any more. */
export async function hold(end: Connection): Promise<void> {
  await end.send("ready");
  await new Promise(() => setInterval(() => {}, 1000));
}

/** Asks, and gives the answer. */
export function ask(end: Connection): unknown {
  using _end = end;
  end.sendSync("question");
  return end.recvSync();
}

/** Answers, and gives the question. */
export function answer(end: Connection): unknown {
  using _end = end;
  const question = end.recvSync();
  end.sendSync("answer");
  return question;
}

/** Blocks the thread for so many milliseconds, whatever else it is given. */
export function nap(ms: number, _given?: unknown): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Receives so many messages; by how many bytes the memory beside the heap has grown. */
export async function receiveMany(end: Connection, count: number): Promise<number> {
  const before = Deno.memoryUsage().external;
  for (let i = 0; i < count; i++) await end.recv_bytes();
  const after = Deno.memoryUsage().external;
  end.close();
  return after - before;
}

/** Closes an end while it waits to receive, and has a thread receive by its copy what comes then. */
export async function receiveByCopy(end: Connection): Promise<unknown> {
  await using executor = new ThreadPoolExecutor(1);
  const [mine, its] = Pipe();
  const failed = end.recv().then(() => "got", (error) => error.message);
  const received = executor.submit(task(import.meta.url, sayAndReceive), end, its);
  await mine.recv();
  end.close();
  const why = await failed;
  await mine.send("closed");
  const what = await received;
  for (const one of [mine, its]) one.close();
  return [why, what];
}

/** Says that it is there, to who has started it, and then to the other end; and receives. */
export async function sayAndReceive(end: Connection, starter: Connection): Promise<unknown> {
  await starter.send("here");
  await starter.recv();
  await end.send("here");
  return await end.recv();
}
