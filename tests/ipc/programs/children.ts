/**
 * Programs of `child_test.ts`, by the name given as first argument; the second says how to reach the
 * parent. A message begins with its number.
 */

import type { LinkSettings } from "../../../ipc/processes/_child_link.ts";
import { type ChildLink, linkToParent } from "../../../ipc/processes/_child_link.ts";
import { fragments } from "../../../ipc/bytes/_fragments.ts";
import { Framer } from "../../../ipc/bytes/_frame.ts";

const exit = Deno.exit;

/** A message: its number, and as many bytes beside that. */
function message(number: number, size = 0): Uint8Array[] {
  const bytes = new Uint8Array(4 + size).fill(number);
  new DataView(bytes.buffer).setUint32(0, number);
  return [bytes];
}

/** Sends numbered messages of these sizes. */
function sendAll(link: ChildLink, sizes: readonly number[]): void {
  for (const [i, size] of sizes.entries()) link.send(message(i, size));
}

/** 10 MB in messages of many sizes. */
function flood(): number[] {
  const sizes: number[] = [];
  for (let sum = 0, i = 0; sum < 10_000_000; i++) {
    const size = i % 7 === 0 ? 500_000 : i * 131 % 5000;
    sizes.push(size);
    sum += size;
  }
  return sizes;
}

function forever(): Promise<never> {
  return new Promise(() => setInterval(() => {}, 1 << 30));
}

async function appeared(path: string): Promise<void> {
  while (!await Deno.stat(path).catch(() => false)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function text(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes of a whole frame; among text, a frame begins with whether it is the last of its message. */
function framed({ marker, meeting }: LinkSettings, parts: readonly Uint8Array[]): Uint8Array {
  const whole = meeting === null ? [join([new Uint8Array([0]), ...parts])] : parts;
  return new Framer(Uint8Array.fromHex(marker)).frame(whole);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** What a child writes to that links by hand. */
interface Raw {
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

async function rawLink({ meeting }: LinkSettings): Promise<Raw> {
  if (meeting === null) {
    return {
      write: (bytes) => Promise.resolve(void Deno.stderr.writeSync(bytes)),
      close() {
        throw new Error("Deno has no way to close its standard error");
      },
    };
  }
  const connection = await Deno.connect({ transport: "unix", path: meeting.path });
  return {
    async write(bytes) {
      for (let offset = 0; offset < bytes.length;) {
        offset += await connection.write(bytes.subarray(offset));
      }
    },
    close: () => connection.close(),
  };
}

type Program = (settings: LinkSettings, args: readonly string[]) => Promise<unknown>;

const linked = (run: (link: ChildLink, args: readonly string[]) => unknown): Program => {
  return async (settings, args) => await run(await linkToParent(settings, []), args);
};
const raw = (run: (link: Raw, settings: LinkSettings) => unknown): Program => {
  return async (settings) => await run(await rawLink(settings), settings);
};

/** Each of them, by name. */
export const PROGRAMS = {
  /** Sends back what it gets until the parent ends the channel. */
  "echo": linked(async (link) => {
    await link.receive((parts) => link.send(parts.map((part) => part.slice())));
    await link.drained();
    exit(0);
  }),

  /** Sends, and ends when all has left. */
  "send and end": linked(async (link) => {
    sendAll(link, [0, 1, 5000, 70_000, 200_000, 3]);
    await link.drained();
    exit(3);
  }),

  /** Sends much and ends at once. */
  "flood and exit": linked((link) => {
    const sizes = flood();
    sendAll(link, sizes);
    link.sendLast(message(sizes.length));
    exit(7);
  }),

  /** Sends much, lets some of it leave, and ends. */
  "flood for a while and exit": linked(async (link, [turns]) => {
    const sizes = flood();
    for (const [i, size] of sizes.entries()) {
      link.send(message(i, size));
      if (i < Number(turns)) await new Promise((resolve) => setTimeout(resolve));
    }
    link.sendLast(message(sizes.length));
    exit(7);
  }),

  /** Writes text between its messages, as does a Worker meanwhile, and ends. */
  "flood among text": linked(async (link) => {
    const source = `for (let i = 0; i < 500; i++) console.error("W" + "w".repeat(i * 41 % 6000));
      postMessage("done");`;
    const url = `data:text/javascript,${encodeURIComponent(source)}`;
    const worker = new Worker(url, { type: "module" });
    const done = new Promise((resolve) => worker.onmessage = resolve);
    const sizes = Array.from({ length: 500 }, (_, i) => i * 61 % 9000);
    for (const [i, size] of sizes.entries()) {
      console.error("M" + "m".repeat(i * 37 % 6000));
      link.send(message(i, size));
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    await done;
    link.sendLast(message(sizes.length));
    exit(0);
  }),

  /** Sends, and lives on. */
  "send": linked(async (link) => {
    sendAll(link, [10, 20, 30]);
    await forever();
  }),

  /** Sends, and is killed when all has left. */
  "send and be killed": linked(async (link) => {
    sendAll(link, [10, 20, 30]);
    await link.drained();
    Deno.kill(Deno.pid, "SIGKILL");
    await forever();
  }),

  /** Never reaches its parent, and says so. */
  "never connects": async () => {
    console.error("not connecting");
    await forever();
  },

  /** Ends without having reached its parent. */
  "ends before it connects": () => {
    console.error("no way");
    return Promise.resolve(exit(4));
  },

  /** Is killed within a frame. */
  "half a frame, killed": raw(async (link, settings) => {
    await link.write(framed(settings, message(0)));
    await link.write(framed(settings, message(1, 100)).subarray(0, 50));
    Deno.kill(Deno.pid, "SIGKILL");
    await forever();
  }),

  /** Closes its channel within a frame and lives on. */
  "half a frame, closed": raw(async (link, settings) => {
    await link.write(framed(settings, message(1, 100)).subarray(0, 50));
    link.close();
    await forever();
  }),

  /** Closes its channel and lives on. */
  "closes": raw(async (link) => {
    link.close();
    await forever();
  }),

  /** Closes its channel, and ends once the file is there. */
  "closes, then ends": async ({ meeting }, [file]) => {
    const connection = await Deno.connect({ transport: "unix", path: meeting!.path });
    connection.close();
    console.error("closed");
    await appeared(file!);
    exit(5);
  },

  /** Leaves a program behind that sends a message in its name, once the file is there. */
  "leaves a forger": async (settings, [file]) => {
    const frame = file + ".frame";
    Deno.writeFileSync(frame, framed(settings, message(0)));
    const script = 'while [ ! -e "$0" ]; do sleep 0.02; done; cat "$1" >&2';
    const args = ["-c", script, file!, frame];
    new Deno.Command("sh", { args, stdin: "null", stdout: "null" }).spawn().unref();
    if (settings.meeting !== null) await rawLink(settings);
    exit(6);
  },

  /** Sends what is no frame, and lives on. */
  "garbage": raw(async (link, { meeting }) => {
    await link.write(text("GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"));
    if (meeting === null) exit(5);
    await forever();
  }),

  /** Sends a frame that has the right mark and is broken otherwise, and lives on. */
  "a broken frame": raw(async (link, settings) => {
    const bytes = framed(settings, message(1, 3000));
    for (let i = 16; i < bytes.length; i++) bytes[i] = 0xAA;
    await link.write(bytes);
    await forever();
  }),

  /** Sends a message beside its socket that only last messages may be, and lives on. */
  "a message beside the socket": raw(async (_, { marker }) => {
    for (const piece of fragments(message(0, 10), Uint8Array.fromHex(marker))) {
      Deno.stderr.writeSync(piece);
    }
    await forever();
  }),

  /** Does not end by SIGTERM, nor by the end of its channel. */
  "stubborn": linked(async (link) => {
    Deno.addSignalListener("SIGTERM", () => console.error("not yet"));
    link.send(message(0));
    await forever();
  }),

  /** Stops turning its event loop, when it has said so. */
  "busy": linked(async (link) => {
    link.send(message(0));
    await link.drained();
    while (true);
  }),

  /** Waits for a message, and starts a program that keeps standard error open. */
  "leaves a grandchild": linked(async (link, [program, ...args]) => {
    new Deno.Command(program!, { args: [...args], stdin: "null", stdout: "null" }).spawn().unref();
    link.send(message(0));
    link.sendLast(message(1));
    await new Promise((resolve) => setTimeout(resolve));
    exit(6);
  }),

  /** Writes to standard error, without a line's end, and ends. */
  "last words": linked((_, [lines]) => {
    for (let i = 1; i <= Number(lines); i++) console.error(`\x1b[31mline ${i}\x1b[0m`);
    Deno.stderr.writeSync(text("and the end"));
    exit(1);
  }),

  /** Runs out of memory. */
  "out of memory": linked(async (link) => {
    link.send(message(0));
    await link.drained();
    const hoard: unknown[] = [];
    while (true) hoard.push(new Array(1000).fill({ n: hoard.length }));
  }),

  /** Says that it ran out of memory, and did not. */
  "pretends to run out of memory": linked(() => {
    console.error("Fatal JavaScript out of memory: Reached heap limit");
    exit(9);
  }),

  /** Reads what user code could read, and starts a program that reads standard input. */
  "reads its input": linked(async (link) => {
    const read: unknown[] = [
      Deno.stdin.readSync(new Uint8Array(10)),
      await Deno.stdin.read(new Uint8Array(10)),
      (await Array.fromAsync(Deno.stdin.readable)).length,
      prompt("what?"),
      confirm("really?"),
    ];
    Deno.stdin.close();
    for (const options of [{}, { stdin: "inherit" }] as const) {
      const cat = new Deno.Command("cat", { ...options, stdout: "piped" }).spawn();
      read.push(new TextDecoder().decode((await cat.output()).stdout));
    }
    link.send([text(JSON.stringify(read))]);
    await link.receive((parts) => link.send(parts.map((part) => part.slice())));
    exit(0);
  }),

  /** Closes standard error, and has more to say. */
  "closes its standard error": linked((link) => {
    Deno.stderr.close();
    link.send(message(0));
    link.sendLast(message(1));
    exit(0);
  }),
} satisfies Record<string, Program>;

if (import.meta.main) {
  const [name, settings, ...args] = Deno.args;
  await PROGRAMS[name as keyof typeof PROGRAMS](JSON.parse(settings!), args);
}
