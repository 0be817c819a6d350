/**
 * A child process and the channel to it; the child's side is `_child_link.ts`.
 *
 * Its end is reported once, after everything that it sent: when its status is known and both its socket
 * and its standard error have ended. A grandchild may keep those open, so they are waited for only a
 * moment. Children are reaped in any case: nobody has to ask for the status.
 */

import { after } from "../sync/_deadline.ts";
import type { LinkSettings } from "./_child_link.ts";
import { Assembler } from "./_fragments.ts";
import { FrameReader, newMarker } from "./_frame.ts";
import { FrameError } from "./_frame_error.ts";
import { FrameWriter, readFrames } from "./_frame_pump.ts";
import { LastWords } from "./_last_words.ts";
import { reapLater } from "./_reaper.ts";
import { type Rendezvous, rendezvous } from "./_rendezvous.ts";
import type { ChannelGrants } from "./_start_flags.ts";

/** Milliseconds for a child to end by itself once its channel has ended, or it got SIGTERM. */
const GRACE = 1000;
/**
 * How often, and how long in milliseconds each time, the last bytes of a dead child are waited for. Many
 * short times, since a program that was busy meanwhile sees its timers before what has arrived.
 */
const DRAIN_TURNS = 20;
const DRAIN_TURN = 10;

/** How to start a child. */
export interface ChildSpec {
  /** The program to run. */
  readonly program: string;
  /** Whether it can't be granted what its channel takes. */
  isDenied(channel: ChannelGrants): boolean;
  /** Its arguments, once it is known how it reaches the parent, and what it must be granted for that. */
  arguments(link: LinkSettings, channel: ChannelGrants): string[];
  readonly env: Record<string, string>;
  readonly cwd: string | URL | undefined;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number;
  readonly signal: Deno.Signal | null;
  /** The last lines on its standard error. */
  readonly lastWords: string;
  readonly outOfMemory: boolean;
  /** What was wrong with its channel, if that was the reason for its end. */
  readonly channelError: unknown;
}

/** What a child reports. */
export interface ChildEvents {
  /** A message, whose bytes stand only until this returns. */
  message(message: Uint8Array): void;
  ended(end: ChildEnd): void;
}

/** See the head of the file. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #events: ChildEvents;
  readonly #marker = newMarker();
  readonly #words = new LastWords();
  readonly #rendezvous: Rendezvous | undefined;
  #connection: Deno.UnixConn | undefined = undefined;
  /** Ends its standard input, where that is its channel. */
  #endInput: (() => void) | undefined = undefined;
  #writer: FrameWriter | undefined = undefined;
  /** Messages for a child that has not connected yet. */
  #early: (readonly Uint8Array[])[] = [];
  /** How many messages came through the socket. */
  #received = 0;
  /** What came through standard error beside a socket: the number of messages before, and the rest. */
  readonly #late: Uint8Array[] = [];
  #channelError: unknown = undefined;
  #held = true;
  #closing = false;
  readonly #stopTimers: (() => void)[] = [];
  /** When it has ended, has been reaped, and has been reported. */
  readonly ended: Promise<ChildEnd>;

  /** Starts it. Throws what `Deno.Command` throws. */
  constructor(spec: ChildSpec, events: ChildEvents) {
    this.#events = events;
    const meeting = this.#rendezvous = rendezvous((channel) => spec.isDenied(channel));
    const link = { marker: this.#marker.toHex(), socket: meeting?.path ?? null };
    try {
      this.#process = new Deno.Command(spec.program, {
        args: spec.arguments(link, meeting?.grants ?? {}),
        env: spec.env,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        stdin: meeting === undefined ? "piped" : "null",
        stdout: "inherit",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      meeting?.[Symbol.dispose]();
      throw error;
    }
    const reaped = reapLater(spec.program, this.pid);
    const socket = meeting === undefined ? this.#usePipe() : this.#useSocket(meeting);
    const errors = this.#readErrors(meeting !== undefined);
    this.ended = this.#watch(meeting, [socket, errors], reaped);
  }

  /** Its process ID. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Sends a message, given in parts that nobody changes any more. */
  send(message: readonly Uint8Array[]): void {
    if (this.#writer === undefined) this.#early.push(message);
    else this.#writer.send(message);
  }

  /** Whether it keeps the program alive; it does at first. */
  hold(on: boolean): void {
    if (on === this.#held) return;
    this.#held = on;
    for (const it of [this.#process, this.#connection, this.#rendezvous?.listener]) {
      if (on) it?.ref();
      else it?.unref();
    }
  }

  /** Sends it a signal; does nothing when it has ended. */
  signal(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It ended a moment ago.
    }
  }

  /** Ends the channel, whereupon it ends by itself; by force when it does not. */
  async close(): Promise<void> {
    this.hold(true);
    this.#closing = true;
    await this.#writer?.drained();
    this.#disconnect();
    this.#stopTimers.push(after(GRACE, () => this.terminate()));
    await this.ended;
  }

  /** Asks it to end by SIGTERM; by force when it does not. */
  async terminate(): Promise<void> {
    this.#closing = true;
    this.hold(true);
    this.signal("SIGTERM");
    this.#stopTimers.push(after(GRACE, () => this.signal("SIGKILL")));
    await this.ended;
  }

  #disconnect(): void {
    if (this.#connection !== undefined) {
      try {
        // The child may still have something to say.
        this.#connection.closeWrite();
      } catch {
        // It has ended.
      }
    } else this.#endInput?.();
  }

  #connected(sink: { write(bytes: Uint8Array): Promise<number> }): void {
    // A child that can't be written to has ended, or is about to be seen as ended.
    this.#writer = new FrameWriter(sink, this.#marker, () => {});
    for (const message of this.#early.splice(0)) this.#writer.send(message);
  }

  async #useSocket(meeting: Rendezvous): Promise<void> {
    let connection: Deno.UnixConn;
    try {
      connection = await meeting.listener.accept();
    } catch {
      return; // It has ended before.
    }
    this.#connection = connection;
    if (!this.#held) connection.unref();
    meeting[Symbol.dispose]();
    this.#connected(connection);
    if (this.#closing) this.#disconnect();
    try {
      await readFrames(connection, new FrameReader({ marker: this.#marker }), (message) => {
        this.#received++;
        this.#events.message(message);
      });
    } catch (error) {
      this.#breakChannel(error);
    }
    if (!this.#closing) this.#expectEnd();
  }

  #usePipe(): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    this.#endInput = () => writer.close().catch(() => {});
    this.#connected({
      async write(bytes) {
        await writer.write(bytes as Uint8Array<ArrayBuffer>);
        return bytes.length;
      },
    });
    return Promise.resolve();
  }

  async #readErrors(besideSocket: boolean): Promise<void> {
    const assembler = new Assembler();
    const reader = new FrameReader({
      marker: this.#marker,
      stray: (bytes) => this.#words.add(bytes),
    });
    try {
      for await (const chunk of this.#process.stderr) {
        for (const piece of reader.push(chunk)) {
          const message = assembler.add(piece);
          if (message === undefined) continue;
          if (besideSocket) this.#late.push(message);
          else this.#events.message(message);
        }
      }
      reader.end();
    } catch (error) {
      this.#breakChannel(error);
    }
  }

  /** What arrives is no frame, or can't be read: nothing that follows can be trusted. */
  #breakChannel(error: unknown): void {
    if (error instanceof FrameError) this.#channelError ??= error;
    if (this.#channelError !== undefined) this.signal("SIGKILL");
  }

  /** Its channel has ended: so should it. */
  #expectEnd(): void {
    this.#stopTimers.push(after(GRACE, () => this.terminate()));
  }

  async #watch(
    meeting: Rendezvous | undefined,
    streams: readonly Promise<void>[],
    reaped: () => Promise<void>,
  ): Promise<ChildEnd> {
    const { code, signal } = await this.#process.status;
    const reaper = reaped();
    if (this.#connection === undefined) meeting?.[Symbol.dispose]();
    let drained = false;
    Promise.all(streams).then(() => this.#words.passedOn()).then(() => drained = true);
    for (let turn = 0; turn < DRAIN_TURNS && !drained; turn++) await pause(DRAIN_TURN);
    for (const stopTimer of this.#stopTimers) stopTimer();
    this.#takeLate();
    this.#connection?.close();
    const end: ChildEnd = {
      code,
      signal,
      lastWords: this.#words.text(),
      outOfMemory: this.#words.tellsOutOfMemory,
      channelError: this.#channelError,
    };
    this.#events.ended(end);
    await reaper;
    return end;
  }

  /** Messages that could not leave through the socket; those that did leave are not taken twice. */
  #takeLate(): void {
    const [first, ...messages] = this.#late;
    if (first === undefined || first.length !== Uint32Array.BYTES_PER_ELEMENT) return;
    const before = new Uint32Array(first.buffer)[0]!;
    for (const message of messages.slice(this.#received - before)) this.#events.message(message);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
