/**
 * One side of a way on which objects are used that live on the other.
 *
 * A lock's memory does not leave its process. Where it is passed on, the other side gets something of the
 * same class whose methods are calls over the way between the two; the object is kept for as long as the
 * other side has that. Either side may pass on objects, those that it got from elsewhere too.
 *
 * - What is called is looked up by class and method (`_remote_methods.ts`); nothing else can be reached.
 * - The other side acts as a realm of its own, and so does each realm whose calls it passes on
 *   (`_acting_realms.ts`): what it holds is its, and when the way ends, what it held goes to others and what
 *   it waited for is not waited for any more.
 * - An object that goes back to where it lives is itself again.
 */

import { goneError } from "../../sync/_gone.ts";
import { actsFor } from "../../sync/_identity.ts";
import { kindNamed, type Passing, type ShareableKind } from "../../sync/_shareable.ts";
import { RuntimeError } from "../../sync/errors.ts";
import type { Connection } from "../connection.ts";
import { QueuesAhead } from "../queues/_items_ahead.ts";
import { PutsTogether } from "../queues/_puts_together.ts";
import {
  decode,
  encode,
  type Encoded,
  encodePrimitives,
  type Exporter,
  type Importer,
} from "../values/_codec.ts";
import type { FunctionRecord } from "../values/_function_record.ts";
import { receivedFunction } from "../values/_received_function.ts";
import { referredFunction } from "../values/_referred_function.ts";
import { ITSELF, whenActingEnds } from "./_acting_realms.ts";
import { giveUpUnsent } from "../values/_undelivered.ts";
import { desk } from "./_desk.ts";
import { Exports } from "./_exports.ts";
import { ObjectNumbers } from "./_object_numbers.ts";
import type { CallMessage, ObjectMessage, RemoteRecord } from "./_object_protocol.ts";
import { ObjectService } from "./_object_service.ts";
import { PendingCalls } from "./_pending_calls.ts";
import type { RelayKind } from "./_relay_kind.ts";
import { comesBack, relay, relayed } from "./_relays.ts";
import {
  type Ahead,
  type Home,
  homeOf,
  type RemoteAnswer,
  remoteObject,
} from "./_remote_object.ts";
import { providePorts } from "./_shared_objects.ts";

/** An object of the other side. */
interface Imported {
  readonly ref: WeakRef<object>;
  times: number;
}

/** What a port needs of its channel. */
export interface ObjectLink {
  /** Whether the other side has the same memory. */
  readonly sharesMemory: boolean;
  /** The number of the other side's realm, where it shares the memory and is known. */
  readonly realm?: number;
  post(message: ObjectMessage): void;
  /** What the other side is called, for people; where it is another process. */
  name?(): string;
  /** Whether an answer is waited for: the way has to be kept open. */
  waits?(on: boolean): void;
  /** The error of what can't be done any more, since the way has ended. */
  gone?(what: string): Error;
  /**
   * Whether the other side is a program of its own: no code of its is run here, and what can only be in one
   * place, such as a socket, is not passed on to it.
   */
  readonly isForeign?: boolean;
  /** Whether {@linkcode ObjectPort.flush} is called before anything else is sent this way, and at the end. */
  readonly sendsAhead?: boolean;
  /** What the other side can call from the start, by the number `ROOT`, and its kind. */
  readonly root?: { readonly object: object; readonly kind: string };
  /** The numbers of objects, where several ways have them in common. */
  readonly numbers?: ObjectNumbers;
}

/** The most calls of another program that wait at a time: an eighth of the waits that a process can have. */
const MOST_WAITING = 32_768;

/** See the head of the file. */
export class ObjectPort implements Exporter, Importer, Home {
  readonly #link: ObjectLink;
  readonly #exports: Exports;
  readonly #service: ObjectService;
  readonly #numbers: ObjectNumbers;
  readonly #imports = new Map<number, Imported>();
  readonly #pending: PendingCalls;
  readonly #collected: FinalizationRegistry<number>;
  /** Items of the other side's queues. */
  readonly #ahead: QueuesAhead | undefined;
  /** Items for them. */
  readonly #puts: PutsTogether | undefined;
  /** Functions go by reference: what refers to one that the other side does not know can't be called there. */
  readonly refersToFunctions = true;
  /** The numbers of connections that are the other side's. */
  readonly #relayed = new WeakMap<object, number>();
  /** Those that come with the call that is being decoded, where somebody wants to know. */
  #arrivals: Disposable[] | undefined = undefined;
  /** Whether what is being encoded is nobody's here any more. */
  #isCarrying = false;
  /** How many streams and sockets were sent, each of which can be sent once. */
  relays = 0;
  /** Realms that were named to the other side. */
  readonly #named = new Set<number>();
  #stopTelling: (() => void) | undefined = undefined;
  #isClosed = false;

  constructor(link: ObjectLink) {
    this.#link = link;
    this.#pending = new PendingCalls((on) => link.waits?.(on));
    this.#numbers = link.numbers ?? new ObjectNumbers();
    const root = link.root ?? (link.sharesMemory ? { object: desk, kind: "desk" } : undefined);
    this.#exports = new Exports(root);
    this.#service = new ObjectService(this.#exports, {
      mostWaiting: link.isForeign ? MOST_WAITING : Infinity,
      post: (message) => this.#post(message),
      reply: (message) => this.#postEncoded(message, message.value),
      decode: (args, arrivals) => this.#decodeFor(args, arrivals),
      encode: (value, isCarried) => this.#encodeFrom(value, isCarried),
      name: () => link.name?.() ?? "another process",
    });
    if (link.sendsAhead) {
      const post = (message: ObjectMessage) => {
        if (!this.#isClosed) link.post(message);
      };
      this.#ahead = new QueuesAhead(post);
      this.#puts = new PutsTogether({ post, expect: (realm) => this.#expect(realm) });
    }
    this.#collected = new FinalizationRegistry((object) => this.#drop(object));
  }

  /** Whether memory that comes from the other side is this one's, too. */
  get sharesMemory(): boolean {
    return this.#link.sharesMemory;
  }

  /** See {@linkcode ObjectLink}. */
  get realm(): number {
    return this.#link.realm ?? 0;
  }

  /** What is sent of an object; `undefined` when its memory can be. */
  export(object: object, kind: ShareableKind<object>): RemoteRecord | undefined {
    const home = homeOf(object);
    if (home?.port === this) return ["here", home.id];
    if (kind.passing !== undefined) return this.#pass(object, kind.passing);
    const hasMemory = home === undefined && kind.variety === undefined;
    if (hasMemory && this.#link.sharesMemory) return undefined;
    if (kind.refusal !== undefined) throw new TypeError(kind.refusal);
    const id = this.#numbers.of(object);
    const { name, variety } = kind;
    this.#exports.add(id, object, name, variety);
    const facts = variety?.facts(object) ?? kind.facts?.map((name) => Reflect.get(object, name));
    return ["there", name, id, facts ?? []];
  }

  /** What is sent of an object that is copied or moved; `undefined` when its memory is. */
  #pass(object: object, passing: Passing<object>): RemoteRecord | undefined {
    if (this.#link.sharesMemory && passing.isShared(object)) return undefined;
    const id = this.#relayed.get(passing.original(object));
    if (id !== undefined) {
      passing.leave(object);
      return ["here", id];
    }
    const record = this.relay(object, "Connection");
    if (this.#isCarrying) passing.drop(object);
    return record;
  }

  /** What is sent of a stream or socket, which is the other side's from then on. */
  relay(value: object, kind: RelayKind): RemoteRecord {
    if (this.#link.isForeign) {
      throw new DOMException(
        `Cannot clone a ${kind}: it stays in its own program: pass on what it brings`,
        "DataCloneError",
      );
    }
    const object = relay(value, kind);
    this.relays++;
    const id = this.#numbers.of(object);
    this.#exports.add(id, object, kind);
    return ["relay", kind, id, object.facts];
  }

  /** What was to be sent of an object has not been. */
  takeBack(record: unknown): void {
    const remote = record as RemoteRecord;
    if (remote[0] !== "here") this.#exports.forget({ kind: "drop", object: remote[2], times: 1 });
  }

  /** The object that was sent so. */
  import(record: unknown): object {
    const remote = record as RemoteRecord;
    if (remote[0] === "here") {
      const exported = this.#exports.find(remote[1]);
      if (exported !== undefined) return comesBack(exported.object);
      throw new RuntimeError("Cannot receive an object: it was said to be dropped");
    }
    if (remote[0] === "relay" && !this.#link.isForeign) {
      const [, kind, id, facts] = remote;
      const object = relayed(kind, this, id, facts);
      this.#imports.set(id, { ref: new WeakRef(object), times: 1 });
      this.#collected.register(object, id);
      if (kind === "Connection") {
        this.#relayed.set(object, id);
        this.#arrivals?.push(object as Connection);
      }
      return object;
    }
    const [way, name, id, facts] = remote;
    if (way !== "there") throw new TypeError(`Cannot receive an object: ${String(way)}?`);
    const known = this.#imports.get(id);
    const present = known?.ref.deref();
    if (present !== undefined) {
      known!.times++;
      return present;
    }
    const kind = kindNamed(name);
    if (kind === undefined) {
      throw new RuntimeError(`Cannot receive a ${String(name)}: nothing is known of that class`);
    }
    const object = remoteObject(kind, this, id, facts);
    this.#imports.set(id, { ref: new WeakRef(object), times: (known?.times ?? 0) + 1 });
    this.#collected.register(object, id);
    return object;
  }

  /** A function that an object has brought along. */
  revive(record: FunctionRecord): () => unknown {
    if (this.#link.isForeign) {
      throw new TypeError(
        `Cannot receive function ${String(record.name)}: no code is taken from other programs`,
      );
    }
    return receivedFunction(record);
  }

  /** A function that was sent by reference. */
  refer(record: unknown): unknown {
    return referredFunction(record);
  }

  /** The items of a queue that were sent ahead. */
  ahead(object: number): Ahead | undefined {
    return this.#ahead?.of(object);
  }

  /** Puts an item into a queue, together with others. */
  put(object: number, item: unknown): Promise<unknown> | undefined {
    if (this.#isClosed) throw this.#gone("call put");
    return this.#puts?.put(object, item);
  }

  /** Sends what comes before anything else: what was taken, and items; whether there was any of it. */
  flush(): boolean {
    const hasTaken = this.#ahead?.flush() ?? false;
    return (this.#puts?.flush() ?? false) || hasTaken;
  }

  /** Begins a call for a realm. */
  #expect(realm: number): { call: number; answer: Promise<RemoteAnswer> } {
    if (realm !== ITSELF) this.#name(realm);
    return this.#pending.begin();
  }

  #post(message: ObjectMessage): void {
    this.flush();
    this.#link.post(message);
  }

  /** Posts a message, or takes back what was encoded for it. */
  #postEncoded(message: ObjectMessage, encoded: Encoded): void {
    try {
      this.#post(message);
    } catch (error) {
      giveUpUnsent(encoded, this);
      throw error;
    }
  }

  /** Tells the other side that an object of its is not wanted any more, unless it came again. */
  #drop(object: number): void {
    if (this.#imports.get(object)?.ref.deref() === undefined) this.release(object);
  }

  /** Tells it that of one that nobody is to use here any more. */
  release(object: number): void {
    const imported = this.#imports.get(object);
    if (imported === undefined || this.#isClosed) return;
    this.#imports.delete(object);
    this.#ahead?.delete(object);
    this.#post({ kind: "drop", object, times: imported.times });
  }

  /** The objects that the other side has. */
  exported(): object[] {
    return this.#exports.objects();
  }

  /** Calls a method of an object of the other side; see {@linkcode Home}. */
  async call(
    object: number,
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<RemoteAnswer> {
    if (this.#isClosed) throw this.#gone(`call ${method}`);
    const encoded = encodePrimitives(args) ?? encode(args, [], this);
    const { realm, task } = actsFor();
    // What is put before is to have the numbers before.
    this.flush();
    const { call, answer } = this.#expect(realm);
    const message: CallMessage = { kind: "call", call, object, method, args: encoded, realm, task };
    const abort = () => this.#post({ kind: "abort", call });
    try {
      this.#postEncoded(message, encoded);
      signal?.addEventListener("abort", abort);
      return await answer;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#pending.end(call);
    }
  }

  /** The other side gets to know a realm, and will have to know of its end. */
  #name(realm: number): void {
    this.#named.add(realm);
    this.#stopTelling ??= whenActingEnds((realm) => {
      if (this.#named.delete(realm)) this.#post({ kind: "ended", realm });
    });
  }

  /** Handles what the other side sends. */
  receive(message: ObjectMessage): void {
    if (this.#isClosed) return;
    switch (message.kind) {
      case "call":
        this.#service.serve(message);
        break;
      case "reply":
        this.#pending.settle(message, ({ value }) => decode(value, this));
        break;
      case "abort":
        this.#service.abort(message.call);
        break;
      case "drop":
        this.#exports.forget(message);
        break;
      case "ended":
        this.#service.ended(message.realm);
        break;
      case "puts":
        this.#service.servePuts(message);
        break;
      case "taken":
        this.#service.settleItems(message);
        break;
      case "recall items":
        this.#ahead?.giveBack(message.object);
        break;
      default:
        message satisfies never;
    }
  }

  #decodeFor(args: Encoded, arrivals: Disposable[] | undefined): unknown[] {
    this.#arrivals = arrivals;
    try {
      return decode(args, this) as unknown[];
    } finally {
      this.#arrivals = undefined;
    }
  }

  #encodeFrom(value: unknown, isCarried: boolean): Encoded {
    this.#isCarrying = isCarried;
    try {
      return encode(value, [], this);
    } finally {
      this.#isCarrying = false;
    }
  }

  /** The way has ended. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#service.close();
    this.#stopTelling?.();
    this.#pending.rejectAll(() => this.#gone("go on"));
    this.#exports.close();
  }

  #gone(what: string): Error {
    return this.#link.gone?.(what) ?? goneError(what);
  }
}

providePorts((link) => new ObjectPort(link));
