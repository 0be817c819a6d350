/**
 * Programs of `process_output_test.ts`, by the name given as first argument: each has tasks that write,
 * or read, or have others do so.
 */

import process from "node:process";
import { ProcessPoolExecutor, task } from "../../../mod.ts";

const HERE = import.meta.url;

/** Prints lines that say who prints them, with all kinds of lengths. */
export async function printLines(who: string, lines: number): Promise<void> {
  for (let i = 0; i < lines; i++) {
    console.log(`${who} ${i} ${"-".repeat(i * 31 % 1000)}.`);
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Prints a line of so many letters. */
export function printLong(length: number): void {
  console.log("L".repeat(length));
}

/** Writes to standard output by every way there is, in turns. */
export async function writeEverywhere(): Promise<void> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  console.log("console.log");
  Deno.stdout.writeSync(bytes("Deno.stdout.writeSync\n"));
  console.info("console.info");
  await Deno.stdout.write(bytes("Deno.stdout.write\n"));
  const writer = Deno.stdout.writable.getWriter();
  await writer.write(bytes("Deno.stdout.writable\n"));
  writer.releaseLock();
  await new Promise<void>((resolve) => {
    process.stdout.write("process.stdout.write\n", () => resolve());
  });
  // What looks like one of Herd's frames is text here.
  Deno.stdout.writeSync(markerOf(Deno.mainModule));
  console.log("end");
}

/** The mark of Herd's frames to its parent, which its own main module tells. */
function markerOf(main: string): Uint8Array {
  const [hex] = decodeURIComponent(main).match(/(?<="marker":")[0-9a-f]+/)!;
  return Uint8Array.fromHex(hex);
}

/** Writes to standard error by every way there is, bytes that are no text among it. */
export async function writeErrors(): Promise<void> {
  console.error("console.error");
  console.warn("console.warn");
  Deno.stderr.writeSync(new Uint8Array([0xFF, 0xFE, 0x00, 0x80, 0x0A]));
  await Deno.stderr.write(new Uint8Array([0xC3]));
  await Deno.stderr.write(new Uint8Array([0xA4, 0x0A]));
  const writer = Deno.stderr.writable.getWriter();
  await writer.write(new TextEncoder().encode("Deno.stderr.writable\n"));
  writer.releaseLock();
}

/** Writes so many bytes to standard error, in lines. */
export function writeMuch(megabytes: number): number {
  const line = "e".repeat(1023) + "\n";
  const bytes = new TextEncoder().encode(line.repeat(64));
  for (let i = 0; i < megabytes * 16; i++) {
    for (let offset = 0; offset < bytes.length;) {
      offset += Deno.stderr.writeSync(bytes.subarray(offset));
    }
  }
  return megabytes;
}

/** What a task reads of standard input, by every way there is. */
export async function readEverywhere(): Promise<unknown[]> {
  const read: unknown[] = [
    Deno.stdin.readSync(new Uint8Array(8)),
    await Deno.stdin.read(new Uint8Array(8)),
    (await Array.fromAsync(Deno.stdin.readable)).length,
    prompt("What is your name?"),
    confirm("Really?"),
  ];
  alert("Well.");
  let text = "";
  for await (const part of process.stdin) text += part;
  read.push(text);
  return read;
}

/** Has programs write, and read, where this process does. */
export async function startPrograms(): Promise<string> {
  const script = "echo program; echo its errors >&2; cat; echo read";
  const { success } = await new Deno.Command("sh", { args: ["-c", script] }).spawn().status;
  const inherit = { stdin: "inherit", stdout: "inherit", stderr: "inherit" } as const;
  const other = await new Deno.Command("sh", { args: ["-c", script], ...inherit }).output();
  return `${success} ${other.success}`;
}

/** Has a Worker write where this process does. */
export async function startWorker(): Promise<string> {
  const source = `console.log("Worker"); console.error("its errors"); postMessage("done");`;
  const url = `data:text/javascript,${encodeURIComponent(source)}`;
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.onmessage = ({ data }) => resolve(data);
  return await promise.finally(() => worker.terminate());
}

/** Has a program make the pipe of standard error one that does not wait, and writes much to it. */
export async function writeWithoutWaiting(): Promise<string> {
  const script =
    "import os, time; os.set_blocking(2, False); print('set', flush=True); time.sleep(2)";
  const python = new Deno.Command("python3", { args: ["-c", script], stdout: "piped" }).spawn();
  const reader = python.stdout.getReader();
  await reader.read();
  const result = "r".repeat(1_000_000);
  python.kill();
  await python.status;
  await reader.cancel();
  return result;
}

/** Waits for the file's first line, which somebody writes who writes nothing to standard error. */
export function echo<T>(value: T): T {
  return value;
}

const [name = "", way = ""] = Deno.args;

const ALL = { env: true, ffi: true, import: true, net: true, read: true, run: true, sys: true };
const PIPES = { ...ALL, write: true, deny: { net: ["192.0.2.1"] } };

function pool(max_workers: number): ProcessPoolExecutor {
  return new ProcessPoolExecutor(
    way === "pipes" ? { max_workers, permissions: PIPES } : { max_workers },
  );
}

const PROGRAMS: Record<string, () => Promise<unknown>> = {
  async "lines"() {
    await using executor = pool(2);
    await executor.ready();
    const done = ["a", "b"].map((who) => executor.submit(task(HERE, printLines), who, 2000));
    await Promise.all(done);
  },
  async "long"() {
    await using executor = pool(1);
    await executor.submit(task(HERE, printLong), 3_000_000);
  },
  async "everywhere"() {
    await using executor = pool(1);
    for (let i = 0; i < 3; i++) await executor.submit(task(HERE, writeEverywhere));
  },
  async "errors"() {
    await using executor = pool(1);
    await executor.submit(task(HERE, writeErrors));
  },
  async "much"() {
    await using executor = pool(1);
    const much = executor.submit(task(HERE, writeMuch), 10);
    const others = Array.from(
      { length: 50 },
      (_, i) => executor.submit(task(HERE, echo<number>), i),
    );
    console.log(await much, (await Promise.all(others)).length);
  },
  async "input"() {
    await using executor = pool(1);
    console.log(JSON.stringify(await executor.submit(task(HERE, readEverywhere))));
    console.log(await executor.submit(task(HERE, echo<string>), "goes on"));
  },
  async "programs"() {
    await using executor = pool(1);
    console.log(await executor.submit(task(HERE, startPrograms)));
    console.log(await executor.submit(task(HERE, echo<string>), "goes on"));
  },
  async "Worker"() {
    await using executor = pool(1);
    console.log(await executor.submit(task(HERE, startWorker)));
    console.log(await executor.submit(task(HERE, echo<string>), "goes on"));
  },
  async "not waiting"() {
    await using executor = pool(1);
    const results = [1, 2, 3].map(() => executor.submit(task(HERE, writeWithoutWaiting)));
    // The pipe fills meanwhile.
    await executor.ready();
    for (let i = 0; i < 3; i++) {
      const end = performance.now() + 300;
      while (performance.now() < end);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log((await Promise.all(results)).map(({ length }) => length).join());
  },
};

if (import.meta.main) await PROGRAMS[name]!();
