/**
 * Messages through memory that threads share: one end of a pipe.
 *
 * - What is received is what is there, and else what comes: one at a time waits for it in the mailbox, in the order
 *   of the calls, so that who wants bytes does not get the value that another asked for.
 * - A copy of an end is a transport of its own over the same {@linkcode PipeEnd}. It is given up when it is closed and
 *   all that it sent has gone in, or when nobody has it any more.
 * - A value is a message as an item of a queue is (`_item_bytes.ts`); bytes are one of one part.
 */

import { abortedError, after } from "../../sync/_deadline.ts";
import { type Deadline, driveAsync, driveSync, forever } from "../../sync/_drive.ts";
import { actAs, isSelf, whoCalls } from "../../sync/_identity.ts";
import { thisRealm } from "../../sync/_realm.ts";
import type { CopyData } from "../../sync/_shareable.ts";
import { CancelledError } from "../../sync/errors.ts";
import { notAValue } from "./_connection_values.ts";
import type { Message } from "../bytes/_frame.ts";
import {
  incomingSlip,
  isAtHand,
  isItem,
  itemFromBytes,
  itemToBytes,
  itemWasPut,
  kept,
} from "../queues/_item_bytes.ts";
import { unknownObject } from "../queues/_item_carrier.ts";
import type { ChoosyEnd, GetEnd, Mailbox, PutEnd } from "../queues/_mailbox.ts";
import { type BlockingTransport, closedError, tooLong } from "./_message_transport.ts";
import type { MessageTransport } from "./_message_transport.ts";
import type { PipeEnd } from "./_pipe_end.ts";
import { behindItself } from "../queues/_queue_calls.ts";
import type { Slip } from "../queues/_slip.ts";
import { EOFError, OSError } from "../errors.ts";

/** Milliseconds that messages have to go in after the end is closed; then they are dropped. */
const LINGER = 10_000;

const RECEIVE = "receive";
const SEND = "send";
const POLL = "poll";

/** Counts down once for a copy, however it comes to its end. */
class Holding {
  readonly #end: PipeEnd;
  #isOver = false;

  constructor(end: PipeEnd) {
    this.#end = end;
  }

  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end.remove(thisRealm().id);
  }
}

/** Copies that nobody has any more, and nobody has closed. */
const forgotten = new FinalizationRegistry<Holding>((holding) => holding.release());

/** See the head of the file. */
export class RingTransport implements MessageTransport {
  readonly isCopied = true;
  readonly copiesBytes = true;
  readonly blocking: BlockingTransport;
  readonly #end: PipeEnd;
  readonly #holding: Holding;
  /** Resolves when the last that waits to receive has got its message. */
  #lastTurn: Promise<void> | undefined = undefined;
  readonly #watchers = new Set<() => void>();
  /** Ends the look for the watchers. */
  #looking: AbortController | undefined = undefined;
  /** Ends the waits of receivers; of senders, a while later. */
  readonly #receiving = new Stop();
  readonly #sending = new Stop();
  #unsent = 0;
  #whenSent: (() => void) | undefined = undefined;
  #closed: Promise<void> | undefined = undefined;

  /** @param end In whose ledger this copy stands already, in the name of this realm. */
  constructor(end: PipeEnd) {
    this.#end = end;
    this.#holding = new Holding(end);
    this.blocking = new BlockingRing(end);
    forgotten.register(this, this.#holding);
  }

  /** A connection that can't receive has no such question asked. */
  get isReady(): boolean {
    if (this.#closed !== undefined) return true;
    const inbox = this.#end.inbox!;
    return this.#lastTurn === undefined && (inbox.count > 0 || inbox.isShut);
  }

  async send(parts: readonly Uint8Array[]): Promise<void> {
    await this.#put(parts, (parts) => parts.map((part) => part.slice()));
  }

  async sendValue(value: unknown): Promise<void> {
    const marked: Transferable[] = [];
    const message = itemToBytes(value, marked);
    const sending = this.#put(message, kept);
    // All has been copied by now, into the ring or beside it.
    detach(marked);
    await sending;
    itemWasPut(message);
  }

  async #put<M extends Message | Slip>(message: M, keep: (message: M) => Message): Promise<void> {
    if (this.#closed !== undefined) throw closedError(SEND);
    const outbox = this.#end.outbox!;
    let end = outbox.tryPut(message);
    if (end === "full") end = await this.#putLater(outbox, keep(message));
    checkSent(end);
  }

  async #putLater(outbox: Mailbox, message: Message): Promise<PutEnd> {
    this.#unsent++;
    this.#end.unsent++;
    try {
      const deadline = this.#sending.deadline(SEND);
      return await driveAsync(outbox.put(message, whoCalls().realm, deadline));
    } catch (error) {
      throw this.#sending.isOver ? closedError(SEND) : error;
    } finally {
      this.#end.unsent--;
      if (--this.#unsent === 0) this.#whenSent?.();
    }
  }

  async receive(limit = Infinity, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#closed !== undefined) throw closedError(RECEIVE);
    let end: GetEnd = this.#lastTurn === undefined ? this.#end.inbox!.tryGet() : "empty";
    if (end === "empty") end = await this.#getInTurn(signal);
    return bytesOf(end, limit);
  }

  async receiveValue(signal?: AbortSignal): Promise<unknown> {
    if (this.#closed !== undefined) throw closedError(RECEIVE);
    let end: GetEnd | Slip = this.#lastTurn === undefined
      ? this.#end.inbox!.tryGet(incomingSlip())
      : "empty";
    if (end === "empty") end = await this.#getInTurn(signal);
    return await valueOf(end);
  }

  /** @param signal Ends the wait in place of the end of this copy, of which whoever has one has to tell it. */
  async #getInTurn(signal: AbortSignal | undefined): Promise<GetEnd> {
    const isMine = isSelf();
    const who = whoCalls();
    const before = this.#lastTurn;
    const turn = Promise.withResolvers<void>();
    this.#lastTurn = turn.promise;
    const get = () => {
      if (signal?.aborted) throw abortedError(RECEIVE, signal);
      const deadline = signal
        ? { what: RECEIVE, until: Infinity, signal }
        : this.#receiving.deadline(RECEIVE);
      const get = this.#end.inbox!.get(who.realm, deadline);
      return isMine ? driveAsync(get) : actAs(who, () => driveAsync(get));
    };
    try {
      if (before === undefined) return await get();
      await before;
      if (this.#closed !== undefined) throw closedError(RECEIVE);
      return await get();
    } catch (error) {
      throw this.#closed !== undefined ? closedError(RECEIVE) : error;
    } finally {
      if (this.#lastTurn === turn.promise) this.#lastTurn = undefined;
      turn.resolve();
      this.#look();
    }
  }

  watch(tell: () => void): () => void {
    // One function may watch twice.
    const watcher = () => tell();
    this.#watchers.add(watcher);
    if (this.isReady) queueMicrotask(() => this.#tell());
    else this.#look();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#looking?.abort();
    };
  }

  look(): Promise<void> {
    return Promise.resolve();
  }

  /** Looks for as long as somebody watches, and nobody waits to take what comes. */
  async #look(): Promise<void> {
    if (this.#looking !== undefined || this.#watchers.size === 0 || this.#lastTurn !== undefined) {
      return;
    }
    if (this.isReady) return this.#tell();
    const { signal } = this.#looking = new AbortController();
    const deadline = { what: POLL, until: Infinity, signal };
    try {
      await driveAsync(this.#end.inbox!.poll(whoCalls().realm, deadline));
    } catch (error) {
      if (!(error instanceof CancelledError)) throw error;
    }
    this.#looking = undefined;
    this.#look();
  }

  #tell(): void {
    if (!this.isReady) return void this.#look();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const tell of watchers) tell();
  }

  share(realm: number): CopyData {
    this.#end.add(realm);
    return [this.#end, realm, undefined];
  }

  handOver(): MessageTransport {
    this.#end.add(thisRealm().id);
    return new RingTransport(this.#end);
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    const unsent = this.#unsent;
    // After this call, in which `#closed` is set, so that those who are told see it.
    queueMicrotask(() => {
      this.#receiving.stop();
      this.#looking?.abort();
      this.#tell();
    });
    if (unsent > 0) {
      const sent = Promise.withResolvers<void>();
      this.#whenSent = sent.resolve;
      const stop = after(LINGER, () => this.#sending.stop());
      await sent.promise;
      stop();
    }
    this.#holding.release();
  }
}

/** The same for who blocks its thread. */
class BlockingRing implements BlockingTransport {
  readonly #end: PipeEnd;

  constructor(end: PipeEnd) {
    this.#end = end;
  }

  send(parts: readonly Uint8Array[]): void {
    this.#put(parts);
  }

  sendValue(value: unknown): void {
    const marked: Transferable[] = [];
    const message = itemToBytes(value, marked);
    this.#put(message);
    detach(marked);
    itemWasPut(message);
  }

  #put(message: Message | Slip): void {
    const outbox = this.#end.outbox!;
    let end = outbox.tryPut(message);
    if (end === "full") {
      outbox.linger();
      end = outbox.tryPut(message);
    }
    if (end === "full") {
      if (this.#end.unsent > 0) throw behindItself("send", "sends");
      end = driveSync(outbox.put(message, whoCalls().realm, forever(SEND)));
    }
    checkSent(end);
  }

  receive(limit = Infinity): Uint8Array<ArrayBuffer> {
    let end: GetEnd = this.#end.inbox!.tryGet();
    if (end === "empty") {
      this.#end.inbox!.linger();
      end = this.#end.inbox!.tryGet();
    }
    if (end === "empty") end = driveSync(this.#end.inbox!.get(whoCalls().realm, forever(RECEIVE)));
    return bytesOf(end, limit);
  }

  receiveValue(): unknown {
    const inbox = this.#end.inbox!;
    let end: ChoosyEnd | Slip = inbox.tryGet(incomingSlip(), suits);
    if (end === "empty") {
      inbox.linger();
      end = inbox.tryGet(incomingSlip(), suits);
    }
    if (end === "empty") end = driveSync(inbox.get(whoCalls().realm, forever(RECEIVE), suits));
    if (end === "unsuited") throw unknownObject();
    return valueOf(end);
  }

  poll(timeout: number): boolean {
    const inbox = this.#end.inbox!;
    if (inbox.count > 0 || inbox.isShut) return true;
    if (timeout <= 0) return false;
    const until = performance.now() + timeout;
    return driveSync(inbox.poll(whoCalls().realm, { what: POLL, until, signal: undefined }));
  }
}

/** A signal that is made when the first waits for it. */
class Stop {
  #controller: AbortController | undefined = undefined;
  isOver = false;

  deadline(what: string): Deadline {
    this.#controller ??= new AbortController();
    return { what, until: Infinity, signal: this.#controller.signal };
  }

  stop(): void {
    this.isOver = true;
    this.#controller?.abort();
  }
}

/** Whether who blocks can have the value; what is none is for it to find out. */
function suits(message: Message | Slip): boolean {
  return !isItem(message) || isAtHand(message);
}

function checkSent(end: PutEnd): void {
  if (end !== "put") throw new OSError("Cannot send: the other end is closed");
}

function bytesOf(end: GetEnd, limit: number): Uint8Array<ArrayBuffer> {
  if (typeof end === "string") throw ended();
  const bytes = end.length === 1 ? end[0]! : join(end);
  if (bytes.length > limit) throw tooLong(bytes.length, limit);
  return bytes;
}

function ended(): EOFError {
  return new EOFError("Cannot receive: the other end is closed");
}

/** The bytes of a value that somebody wants to have as bytes. */
function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function valueOf(end: GetEnd | Slip): unknown {
  if (typeof end === "string") throw ended();
  if (!isItem(end)) throw notAValue(Array.isArray(end) ? end[0]![0] : (end as Slip).bytes[0]);
  try {
    return itemFromBytes(end);
  } catch (cause) {
    throw notAValue(undefined, cause);
  }
}

/** What was marked for transfer is its owner's no more. */
function detach(marked: readonly Transferable[]): void {
  for (const item of marked) if (item instanceof ArrayBuffer && !item.detached) item.transfer();
}
