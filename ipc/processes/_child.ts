/**
 * A child process and the channel to it; the child's side is `_child_link.ts`.
 *
 * - Each message that left the child is reported once, in the order of sending, whatever way it took.
 * - Its end is reported once, after all messages: when its status is known and both its socket and its
 *   standard error have ended. A grandchild may keep standard error open, so that is waited for only a
 *   moment.
 * - Whoever ends its side of the channel ends: a child that lives on without its channel, or after its last
 *   messages, is ended, and so is one that sends what is no message, by force and at once.
 * - It is reaped in any case: nobody has to ask for the status.
 */

import { after } from "../../sync/_deadline.ts";
import type { CommandLine } from "./_child_command.ts";
import type { LinkSettings } from "./_child_link.ts";
import { Assembler } from "../bytes/_fragments.ts";
import { type Message, messageLength, newMarker } from "../bytes/_frame.ts";
import { FrameError } from "../bytes/_frame_error.ts";
import { FrameReader } from "../bytes/_frame_reader.ts";
import { type ByteSink, FrameWriter, readFrames } from "../bytes/_frame_pump.ts";
import { LastMessages } from "./_last_messages.ts";
import { LastWords } from "./_last_words.ts";
import { reapLater } from "./_reaper.ts";
import { closeListener, type Rendezvous, rendezvous } from "./_rendezvous.ts";
import type { ChannelGrants } from "./_start_flags.ts";

/** Milliseconds for a child to end by itself once its channel has ended, or it got SIGTERM. */
const GRACE = 1000;
/**
 * How much of a child's standard error may wait to be passed on, in bytes, before no more is read. With
 * more the program's memory fills when nobody reads its own standard error; with less the child waits.
 */
const MOST_UNPASSED = 1024 * 1024;
/**
 * How often, and how long in milliseconds each time, the last bytes of a dead child are waited for. Many
 * short times, since a program that was busy meanwhile sees its timers before what has arrived.
 */
const DRAIN_TURNS = 20;
const DRAIN_TURN = 10;
/** For how many of those turns a child is still expected that has ended and did not connect. */
const MEETING_TURNS = 2;
/** For how many of them its end is still expected when it has had its time. */
const NEWS_TURNS = 3;

/** How to start a child. */
export interface ChildSpec {
  /** The program to run. */
  readonly program: string;
  /** Whether it can't be granted what its channel takes. */
  isDenied(channel: ChannelGrants): boolean;
  /** Its command line, once it is known how it reaches the parent, and what it must be granted for that. */
  command(link: LinkSettings, channel: ChannelGrants): CommandLine;
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
  /** What it sent that is no message, if that was the reason for its end. */
  readonly channelError: unknown;
  /** It closed its channel and did not end, until it was ended. */
  readonly deserted: boolean;
}

/** What a child reports. */
export interface ChildEvents {
  /** A message, whose bytes stand only until this returns. Throws when it is none. */
  message(message: Message): void;
  ended(end: ChildEnd): void;
}

/** See the head of the file. */
export class Child {
  readonly #process: Deno.ChildProcess;
  #command: CommandLine | undefined = undefined;
  readonly #events: ChildEvents;
  readonly #marker = newMarker();
  readonly #words = new LastWords();
  readonly #meeting: Rendezvous | undefined;
  #connection: Deno.UnixConn | undefined = undefined;
  /** Its standard input, where that is its channel. */
  #input: WritableStreamDefaultWriter<Uint8Array> | undefined = undefined;
  #writer: FrameWriter | undefined = undefined;
  /** Messages for a child that has not connected yet. */
  #early: Message[] = [];
  /** How many messages came through the socket. */
  #received = 0;
  readonly #lastMessages = new LastMessages();
  /** How many pieces of such messages came. */
  #lastPieces = 0;
  #channelError: unknown = undefined;
  #deserted = false;
  #held = true;
  /** It has been told to end. */
  #closing = false;
  /** It has ended; there may still be something to be read. */
  #ended = false;
  /** Its end has been reported. */
  #over = false;
  readonly #stopTimers: (() => void)[] = [];
  /** When it has ended, has been reaped, and has been reported. */
  readonly ended: Promise<ChildEnd>;

  /** Starts it. Throws what `Deno.Command` throws. */
  constructor(spec: ChildSpec, events: ChildEvents) {
    this.#events = events;
    const meeting = this.#meeting = rendezvous((channel) => spec.isDenied(channel));
    const link: LinkSettings = {
      marker: this.#marker.toHex(),
      meeting: meeting === undefined ? null : { path: meeting.path, folder: meeting.folder },
    };
    try {
      this.#command = spec.command(link, meeting?.grants ?? {});
      this.#process = new Deno.Command(spec.program, {
        args: this.#command.args,
        env: spec.env,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        stdin: meeting === undefined ? "piped" : "null",
        stdout: "inherit",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      this.#cleanUp();
      throw error;
    }
    const reaped = this.#reapLater(spec);
    const socket = meeting === undefined ? this.#usePipe() : this.#useSocket(meeting);
    this.ended = this.#watch([socket, this.#readErrors()], reaped);
  }

  #reapLater(spec: ChildSpec): () => Promise<void> {
    try {
      return reapLater(spec.program, this.pid);
    } catch (error) {
      // Nobody would ever know of it.
      this.signal("SIGKILL");
      this.#process.stderr.cancel().catch(() => {});
      if (this.#meeting === undefined) this.#process.stdin.abort().catch(() => {});
      this.#cleanUp();
      throw error;
    }
  }

  /** Removes what was made for it. */
  #cleanUp(): void {
    this.#command?.discard();
    this.#meeting?.[Symbol.dispose]();
  }

  /** Its process ID. */
  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Sends a message, given in parts that nobody changes any more.
   *
   * @throws {ValueError} When it is too long.
   */
  send(message: Message): void {
    messageLength(message);
    if (this.#writer === undefined) this.#early.push(message);
    else this.#writer.send(message);
  }

  /** Whether it keeps the program alive; it does at first, and not when it has ended. */
  hold(on: boolean): void {
    if (on === this.#held || this.#over) return;
    this.#held = on;
    for (const it of [this.#process, this.#connection, this.#meeting?.listener]) {
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
    this.#closing = true;
    this.hold(true);
    // What it has not been sent yet may never leave: that must not keep it.
    this.#afterGrace(() => this.terminate());
    if (this.#writer !== undefined) this.#disconnect();
    await this.ended;
  }

  /** Asks it to end by SIGTERM; by force when it does not. */
  async terminate(): Promise<void> {
    this.#closing = true;
    this.hold(true);
    this.signal("SIGTERM");
    this.#afterGrace(() => this.signal("SIGKILL"));
    await this.ended;
  }

  #afterGrace(then: () => void): void {
    if (!this.#over) this.#stopTimers.push(after(GRACE, then));
  }

  /** Ends the way to it, when all that was sent has left; it may still have something to say. */
  async #disconnect(): Promise<void> {
    await this.#writer!.drained();
    try {
      await (this.#connection?.closeWrite() ?? this.#input?.close());
    } catch {
      // It has ended.
    }
  }

  #connected(sink: ByteSink): void {
    this.#writer = new FrameWriter(sink, this.#marker, () => this.#channelEnded());
    for (const message of this.#early.splice(0)) this.#writer.send(message);
    if (this.#closing) this.#disconnect();
  }

  async #useSocket({ listener }: Rendezvous): Promise<void> {
    let connection: Deno.UnixConn;
    try {
      connection = await listener.accept();
    } catch {
      return; // It has ended before.
    }
    closeListener(listener);
    this.#connection = connection;
    if (!this.#held) connection.unref();
    this.#connected(connection);
    await this.#receive(async () => {
      await readFrames(connection, new FrameReader({ marker: this.#marker }), (message) => {
        this.#received++;
        this.#take(message);
      });
    });
    this.#channelEnded();
  }

  #usePipe(): Promise<void> {
    const writer = this.#input = this.#process.stdin.getWriter();
    this.#connected({
      async write(bytes) {
        await writer.write(bytes);
        return bytes.length;
      },
    });
    return Promise.resolve();
  }

  async #readErrors(): Promise<void> {
    const assembler = new Assembler();
    const words = this.#words;
    const reader = new FrameReader({ marker: this.#marker, stray: (bytes) => words.add(bytes) });
    const besideSocket = this.#meeting !== undefined;
    await this.#receive(async () => {
      for await (const chunk of this.#process.stderr) {
        for (const [piece] of reader.push(chunk)) {
          // A grandchild may go on in the name of a child that is gone.
          if (this.#over) continue;
          if (besideSocket && this.#lastPieces++ === 0) this.#expectEnd();
          const message = assembler.add(piece!);
          if (message === undefined) continue;
          if (besideSocket) this.#lastMessages.add(message);
          else this.#take(message);
        }
        if (words.unpassed > MOST_UNPASSED) await words.passedOn();
      }
    });
    try {
      reader.end();
    } catch {
      // Half a frame: its writer was killed.
    }
    if (!besideSocket) this.#channelEnded();
  }

  /** Reads, and looks at what ended that: a stream that fails has ended like another. */
  async #receive(read: () => Promise<void>): Promise<void> {
    try {
      await read();
    } catch (error) {
      if (error instanceof FrameError) this.#breakChannel(error);
    }
  }

  #take(message: Message): void {
    if (this.#channelError !== undefined || this.#over) return;
    try {
      this.#events.message(message);
    } catch (error) {
      this.#breakChannel(error);
    }
  }

  /** What arrives is no message: nothing that follows can be trusted. */
  #breakChannel(error: unknown): void {
    this.#channelError ??= error;
    this.signal("SIGKILL");
  }

  /** No more can come, or leave: so it should end. */
  #channelEnded(): void {
    if (!this.#closing) this.#expectEnd();
  }

  /** It is ended unless it ends by itself, or goes on with its last messages. */
  #expectEnd(): void {
    const pieces = this.#lastPieces;
    this.#afterGrace(() => this.#endUnlessHeard(pieces, NEWS_TURNS));
  }

  /** A program that was busy meanwhile sees its timers before the news of the end. */
  #endUnlessHeard(pieces: number, turns: number): void {
    if (this.#ended || this.#closing) return;
    // It can't go on while nobody reads this program's standard error.
    const waits = this.#words.unpassed > MOST_UNPASSED;
    if (waits || this.#lastPieces > pieces) return this.#expectEnd();
    if (turns > 0) {
      const next = after(DRAIN_TURN, () => this.#endUnlessHeard(pieces, turns - 1));
      this.#stopTimers.push(next);
      return;
    }
    this.#deserted = true;
    this.terminate();
  }

  async #watch(
    streams: readonly Promise<void>[],
    reaped: () => Promise<void>,
  ): Promise<ChildEnd> {
    const { code, signal } = await this.#process.status;
    this.#ended = true;
    const reaper = reaped();
    let drained = false;
    Promise.all(streams).then(() => this.#words.passedOn()).then(() => drained = true);
    for (let turn = 0; turn < DRAIN_TURNS && !drained; turn++) {
      if (turn === MEETING_TURNS && this.#meeting !== undefined) {
        closeListener(this.#meeting.listener);
      }
      await pause(DRAIN_TURN);
    }
    for (const message of this.#lastMessages.take(this.#received)) this.#take(message);
    this.#release();
    const end: ChildEnd = {
      code,
      signal,
      lastWords: this.#words.text(),
      // Anybody can write this; who runs out of memory is ended by a signal.
      outOfMemory: signal !== null && this.#words.tellsOutOfMemory,
      channelError: this.#channelError,
      deserted: this.#deserted,
    };
    this.#events.ended(end);
    await reaper;
    return end;
  }

  #release(): void {
    for (const stopTimer of this.#stopTimers) stopTimer();
    // A grandchild may keep its standard error open for as long as it likes.
    this.hold(false);
    this.#over = true;
    this.#connection?.close();
    this.#input?.abort().catch(() => {});
    this.#cleanUp();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
