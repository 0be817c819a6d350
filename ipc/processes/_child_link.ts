/**
 * A child process's way to its parent; the parent's side is `_child.ts`.
 *
 * | way          | when                            | to the child   | to the parent                         |
 * | ------------ | ------------------------------- | -------------- | ------------------------------------- |
 * | a socket     | the parent may listen on one    | the socket     | the socket; the last words see below  |
 * | the pipes    | else                            | standard input | standard error, among the user's text |
 *
 * Standard output is the user's alone, either way. Standard error is a pipe to the parent in any case,
 * who passes on what is no frame.
 *
 * Last words: nothing can be awaited any more when the process is about to end, and a socket can only be
 * written to asynchronously. So what has not left goes through standard error, in one go: first the
 * number of messages that have left through the socket, then those that have not. The parent drops
 * those that reached it both ways.
 */

import { fragments } from "../bytes/_fragments.ts";
import type { Message } from "../bytes/_frame.ts";
import { FrameReader } from "../bytes/_frame_reader.ts";
import { type ByteSource, FrameWriter, readFrames } from "../bytes/_frame_pump.ts";
import { onParentEnd } from "./_parent_life.ts";
import { takeStandardInput } from "./_private_input.ts";
import { giveBack } from "../values/_snapshots.ts";

/** What a child must know to reach its parent. */
export interface LinkSettings {
  /** What its frames are marked with, as hexadecimal digits. */
  readonly marker: string;
  /** The parent's socket, if there is one, and its folder, which is to be removed. */
  readonly meeting: { readonly path: string; readonly folder: string } | null;
}

/** See the head of the file. */
export interface ChildLink {
  /** Sends a message, given in parts that nobody changes any more. */
  send(message: Message): void;
  /** Sends the last message of all, and what has not left before: the process may end then. */
  sendLast(message: Message): void;
  /** Resolves when all that was sent has left; `undefined` when it has. */
  drained(): Promise<void> | undefined;
  /**
   * Hands messages over until the parent ends the channel, or is gone. A message's bytes stand only
   * until `handle` returns.
   *
   * @throws {FrameError} When what arrives is no frame; what `handle` throws.
   */
  receive(handle: (message: Message) => void): Promise<void>;
  /**
   * Whether waiting for messages keeps the process alive; it does at first. While it does not, pipes are
   * not read, so this has to be said in good time: before `receive`, or by `handle`.
   */
  hold(on: boolean): void;
}

/**
 * Connects to the parent, and gives back what was granted for that and for loading modules.
 *
 * @param revoke What to give back.
 */
export async function linkToParent(
  { marker, meeting }: LinkSettings,
  revoke: readonly Deno.PermissionDescriptor[],
): Promise<ChildLink> {
  // It is the way out for last words, if not for all.
  Object.defineProperty(Deno.stderr, "close", { value: () => {} });
  const mark = Uint8Array.fromHex(marker);
  const link = meeting === null ? new PipeLink(mark) : new SocketLink(await connect(meeting), mark);
  for (const descriptor of revoke) Deno.permissions.revokeSync(descriptor);
  return link;
}

async function connect(
  { path, folder }: NonNullable<LinkSettings["meeting"]>,
): Promise<Deno.UnixConn> {
  try {
    return await Deno.connect({ transport: "unix", path });
  } finally {
    try {
      Deno.removeSync(folder, { recursive: true });
    } catch {
      // The parent has.
    }
  }
}

const writeError = Deno.stderr.writeSync.bind(Deno.stderr);

/** Never throws: a parent that does not read any more is gone, which its end of the channel tells. */
function writeFragments(message: Message, marker: Uint8Array): void {
  for (const fragment of fragments(message, marker)) {
    for (let offset = 0; offset < fragment.length;) {
      try {
        offset += writeError(fragment.subarray(offset));
      } catch (error) {
        // A program that shares the pipe may have made it one that does not wait.
        if (!(error instanceof Deno.errors.WouldBlock)) return;
      }
    }
  }
}

class SocketLink implements ChildLink {
  readonly #connection: Deno.UnixConn;
  readonly #marker: Uint8Array;
  readonly #writer: FrameWriter;

  constructor(connection: Deno.UnixConn, marker: Uint8Array) {
    this.#connection = connection;
    this.#marker = marker;
    this.#writer = new FrameWriter(connection, marker, () => {});
  }

  send(message: Message): void {
    this.#writer.send(message);
  }

  sendLast(message: Message): void {
    const { written } = this.#writer;
    const rest = this.#writer.unwritten();
    const last = [[new Uint8Array(new Uint32Array([written]).buffer)], ...rest, message];
    for (const message of last) writeFragments(message, this.#marker);
  }

  drained(): Promise<void> | undefined {
    return this.#writer.drained();
  }

  receive(handle: (message: Message) => void): Promise<void> {
    return readFrames(this.#connection, new FrameReader({ marker: this.#marker }), handle);
  }

  hold(on: boolean): void {
    if (on) this.#connection.ref();
    else this.#connection.unref();
  }
}

class PipeLink implements ChildLink {
  readonly #marker: Uint8Array;
  readonly #source: ByteSource;
  #held = true;
  /** Goes on reading. */
  #resume: (() => void) | undefined = undefined;

  constructor(marker: Uint8Array) {
    this.#marker = marker;
    this.#source = takeStandardInput();
  }

  send(message: Message): void {
    writeFragments(message, this.#marker);
    giveBack(message);
  }

  sendLast(message: Message): void {
    writeFragments(message, this.#marker);
  }

  drained(): undefined {
    // What is sent has left.
  }

  receive(handle: (message: Message) => void): Promise<void> {
    const source: ByteSource = {
      read: async (into) => await this.#mayRead() ? await this.#source.read(into) : null,
    };
    return readFrames(source, new FrameReader({ marker: this.#marker }), handle);
  }

  hold(on: boolean): void {
    this.#held = on;
    if (on) this.#resume?.();
  }

  /** A pending read keeps the process alive. Resolves to false when the parent is gone meanwhile. */
  async #mayRead(): Promise<boolean> {
    if (this.#held) return true;
    return await new Promise((resolve) => {
      const stop = onParentEnd(() => resolve(false));
      this.#resume = () => {
        stop();
        resolve(true);
      };
    });
  }
}
