/**
 * What one side of a way does for the other: calls the methods of its objects, as the realms that ask for it, and
 * answers.
 *
 * - Each call gets one answer, whatever becomes of it, unless the way has ended.
 * - A method whose result is no promise is answered in the same turn.
 * - When a realm of the other side ends, what it holds and waits for here ends with it.
 */

import { actAs, type Identity } from "../../sync/_identity.ts";
import { RuntimeError } from "../../sync/errors.ts";
import { type Encoded, encodePrimitive } from "../values/_codec.ts";
import { encodeError, type WireError } from "../values/_error_codec.ts";
import { settleItems } from "../queues/_queue_leases.ts";
import { inRows, putAll, type PutAnswer } from "../queues/_queue_puts.ts";
import { ActingRealms, ITSELF } from "./_acting_realms.ts";
import { type Exports, wayOf } from "./_exports.ts";
import {
  type CallMessage,
  MOST_ARGUMENTS,
  type ObjectMessage,
  type PutsMessage,
  type ReplyMessage,
  type TakenMessage,
} from "./_object_protocol.ts";
import { deed } from "./_remote_deeds.ts";
import { getsSeveral } from "./_remote_methods.ts";
import {
  type Begun,
  discard,
  invoke,
  isAbandoned,
  isThenable,
  notThere,
  unsendable,
  withSignal,
} from "./_served_calls.ts";

/** What the service needs of the way. */
export interface ServiceWay {
  /** How many calls may wait at a time. */
  readonly mostWaiting: number;
  post(message: ObjectMessage): void;
  /** Posts an answer, or throws and takes back what was encoded for it. */
  reply(message: ReplyMessage): void;
  /** The arguments of a call; connections that come with it are added to `arrivals`, where it is given. */
  decode(args: Encoded, arrivals: Disposable[] | undefined): unknown[];
  /** A result; one that is carried is nobody's here any more. */
  encode(value: unknown, isCarried: boolean): Encoded;
  /** What the other side is called, for people. */
  name(): string;
}

/** Classes that pass on copies of what they are given, and give what nobody else here has. */
const CARRIERS: ReadonlySet<string> = new Set([
  "Queue",
  "JoinableQueue",
  "SimpleQueue",
  "Connection",
]);

/** See the head of the file. */
export class ObjectService {
  readonly #exports: Exports;
  readonly #way: ServiceWay;
  /** Calls that may be aborted, and who calls. */
  readonly #serving = new Map<number, { controller: AbortController; realm: number }>();
  /** As whom the other side acts here. */
  readonly #acting = new ActingRealms();
  #isClosed = false;

  constructor(exports: Exports, way: ServiceWay) {
    this.#exports = exports;
    this.#way = way;
  }

  /** A call has come. */
  serve(message: CallMessage): void {
    let begun: Begun;
    try {
      begun = this.#perform(message);
      if (isThenable(begun.value)) return void this.#serveLater(message, begun, begun.value);
    } catch (error) {
      return this.#reply(message.call, undefined, { error });
    }
    discard(begun.arrivals);
    this.#reply(message.call, begun.value, undefined, begun);
  }

  /** Whoever called does not wait any more. */
  abort(call: number): void {
    this.#serving.get(call)?.controller.abort();
  }

  /** Several items are to be put into a queue. */
  servePuts({ call, object, items, count, realm, task }: PutsMessage): void {
    const reply = (first: number, times: number, failure?: { error: unknown }) => {
      if (!this.#isClosed) this.#reply(call + first, undefined, failure, undefined, times);
    };
    let ends: PutAnswer[];
    try {
      const exported = this.#exports.find(object);
      if (exported === undefined || !getsSeveral(exported.kind)) throw notThere("put");
      ends = actAs(this.#who(realm, task), () => putAll(exported.object, items, count));
    } catch (error) {
      return reply(0, count, { error });
    }
    for (const { first, times, put } of inRows(ends)) {
      if (put === true) reply(first, times);
      else put.then(() => reply(first, 1), (error) => reply(first, 1, { error }));
    }
  }

  /** Items that were sent ahead were taken, or come back. */
  settleItems({ object, taken, keeps }: TakenMessage): void {
    const exported = this.#exports.find(object);
    if (exported === undefined || !getsSeveral(exported.kind)) return;
    actAs(this.#who(ITSELF, 0), () => settleItems(exported.object, taken, keeps));
  }

  /** A realm that the other side has named is gone. */
  ended(realm: number): void {
    // First, so that what it waited for is not given to it.
    this.#acting.end(realm);
    for (const call of this.#serving.values()) if (call.realm === realm) call.controller.abort();
  }

  /** The way has ended. */
  close(): void {
    this.#isClosed = true;
    // First, so that what it waited for is not given to it.
    this.#acting.close();
    for (const { controller } of this.#serving.values()) controller.abort();
  }

  #perform({ call, object, method, args, realm, task }: CallMessage): Begun {
    // What it began would be ended by nobody.
    if (this.#serving.has(call)) throw new TypeError(`Cannot call ${method}: call ${call} waits`);
    if (this.#serving.size >= this.#way.mostWaiting) {
      throw new RuntimeError(
        `Cannot call ${method}: ${this.#way.mostWaiting} calls of this connection wait, which is the most: ` +
          `await some before`,
      );
    }
    const exported = this.#exports.find(object);
    const way = exported && wayOf(exported, method);
    if (exported === undefined || way === undefined) throw notThere(method);
    const isCarried = CARRIERS.has(exported.kind);
    const arrivals: Disposable[] | undefined = isCarried ? [] : undefined;
    const given = checkedArguments(this.#way.decode(args, arrivals));
    const controller = way === "call" ? undefined : new AbortController();
    const full = way === "call" ? given : withSignal(given, way, controller!.signal);
    const { object: target, variety } = exported;
    const own = variety === undefined ? deed(method) : undefined;
    const recall = () => {
      if (!this.#isClosed) this.#way.post({ kind: "recall items", object });
    };
    try {
      const value = actAs(this.#who(realm, task), () => {
        if (own !== undefined) return own(target, full, recall);
        return variety === undefined
          ? invoke(target, method, full)
          : variety.call(target, method, full);
      });
      const held = variety === undefined ? target : undefined;
      return { held, value, controller, isCarried, arrivals };
    } catch (error) {
      discard(arrivals);
      throw error;
    }
  }

  /** Answers a call when it has come to an end. */
  async #serveLater(
    { call, realm }: CallMessage,
    begun: Begun,
    value: PromiseLike<unknown>,
  ): Promise<void> {
    const { controller = new AbortController() } = begun;
    this.#serving.set(call, { controller, realm });
    let result: unknown;
    let failure: { error: unknown } | undefined;
    try {
      result = await value;
    } catch (error) {
      failure = { error };
    }
    this.#serving.delete(call);
    discard(begun.arrivals);
    if (!this.#isClosed) this.#reply(call, result, failure, begun);
  }

  #reply(
    call: number,
    value: unknown,
    failure: { error: unknown } | undefined,
    begun?: Begun,
    times = 1,
  ): void {
    const abandoned = begun !== undefined && isAbandoned(begun);
    const error = failure === undefined ? null : encodeError(failure.error);
    const post = (value: Encoded, error: WireError | null) => {
      const reply = { kind: "reply", call, value, error, abandoned } as const;
      this.#way.reply(times === 1 ? reply : { ...reply, times });
    };
    try {
      post(encodePrimitive(value) ?? this.#way.encode(value, begun?.isCarried ?? false), error);
    } catch (cause) {
      // A call that got no answer would never end.
      post(encodePrimitive(undefined)!, encodeError(unsendable(cause)));
    }
  }

  /** As whom a realm of the other side acts. */
  #who(realm: number, task: number): Identity {
    if (!Number.isSafeInteger(realm) || !Number.isSafeInteger(task)) {
      throw new TypeError("Cannot call: whoever calls is known by integers");
    }
    return { realm: this.#acting.of(realm), task, name: () => this.#nameOf(realm) };
  }

  /** What a realm of the other side is called. */
  #nameOf(realm: number): string {
    const name = this.#way.name();
    return realm === ITSELF ? name : `somebody for whom ${name} calls`;
  }
}

/** What came as arguments: it may be anything, and long only by its holes. */
function checkedArguments(given: unknown): unknown[] {
  if (Array.isArray(given) && given.length <= MOST_ARGUMENTS) return given;
  throw new TypeError(
    `Cannot call: the arguments are ${
      Array.isArray(given) ? `${given.length} items` : typeof given
    }: an array of at most ${MOST_ARGUMENTS} is wanted`,
  );
}
