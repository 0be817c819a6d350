/**
 * Objects that stand for those of another process: of the same class, with the same asynchronous methods.
 */

import { withArticle } from "../../sync/_article.ts";
import type { WaitLimit } from "../../sync/_drive.ts";
import type { ShareableKind } from "../../sync/_shareable.ts";
import { CancelledError, RuntimeError } from "../../sync/errors.ts";
import {
  GET_SEVERAL,
  getsSeveral,
  LOCAL_METHODS,
  type RemoteMethod,
  remoteMethods,
} from "./_remote_methods.ts";

/** What a call came to. */
export interface RemoteAnswer {
  readonly value: unknown;
  /** Whether the object was left by a dead holder. */
  readonly abandoned: boolean;
}

/** Items of a queue that were sent ahead: gets one of them, or by a call. */
export interface Ahead {
  get(
    args: readonly unknown[],
    call: (method: string, args: readonly unknown[]) => Promise<unknown>,
  ): Promise<unknown>;
}

/** Where such objects live. */
export interface Home {
  /**
   * Calls a method.
   *
   * @throws What it throws; a `RuntimeError` when the object's process is gone.
   */
  call(
    object: number,
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<RemoteAnswer>;
  /** Lets go of an object: nobody here wants it any more. */
  release?(object: number): void;
  /** Puts an item into a queue, together with others; `undefined` where it has to be put by itself. */
  put?(object: number, item: unknown): Promise<unknown> | undefined;
  /** The items of a queue that were sent ahead, where some may be. */
  ahead?(object: number): Ahead | undefined;
}

/** An object's home, and its number there. */
export interface Address {
  readonly port: Home;
  readonly id: number;
}

const addresses = new WeakMap<object, Address>();
/** What the object's holder, if this process is, has learnt of it. */
const abandonedOnes = new WeakSet<object>();
const prototypes = new Map<string, object>();

/** Where an object lives, if elsewhere. */
export function homeOf(object: object): Address | undefined {
  return addresses.get(object);
}

/**
 * An object that stands for one of another process.
 *
 * @param facts What never changes of it, in the order of the kind's names.
 */
export function remoteObject(
  kind: ShareableKind<object>,
  port: Home,
  id: number,
  facts: readonly unknown[],
): object {
  const object = kind.variety?.standIn(facts, port) ?? standIn(kind, facts);
  addresses.set(object, { port, id });
  return object;
}

function standIn(kind: ShareableKind<object>, facts: readonly unknown[]): object {
  let prototype = prototypes.get(kind.name);
  if (prototype === undefined) {
    prototype = remotePrototype(kind);
    prototypes.set(kind.name, prototype);
  }
  const object = Object.create(prototype);
  for (const [i, name] of (kind.facts ?? []).entries()) {
    Object.defineProperty(object, name, { value: facts[i] });
  }
  return object;
}

/** What the object has by its class, by calls where that is possible and refused where it is not. */
function remotePrototype(kind: ShareableKind<object>): object {
  const prototype: object = Object.create(kind.prototype);
  for (const key of keysOf(kind.prototype)) {
    if (!LOCAL_METHODS.includes(key)) Object.defineProperty(prototype, key, refusing(kind, key));
  }
  for (const [name, way] of Object.entries(remoteMethods(kind.name))) {
    const several = getsSeveral(kind.name) ? SEVERAL[name] : undefined;
    const value = (several ?? calling)(kind, name, way);
    Object.defineProperty(prototype, name, { value, configurable: true });
  }
  Object.defineProperty(prototype, "abandoned", {
    configurable: true,
    get(this: object) {
      return abandonedOnes.has(this);
    },
  });
  Object.defineProperty(prototype, Symbol.for("Deno.customInspect"), {
    value: () => `${kind.name} { of another process }`,
  });
  return prototype;
}

function* keysOf(prototype: object): Generator<PropertyKey> {
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    yield* Reflect.ownKeys(at);
  }
}

function refusing(kind: ShareableKind<object>, key: PropertyKey): PropertyDescriptor {
  const name = String(key);
  const remedy = name.endsWith("Sync") ? `: use await ${name.slice(0, -"Sync".length)}()` : "";
  return {
    configurable: true,
    get() {
      throw new RuntimeError(
        `Cannot use ${name} of ${
          withArticle(kind.name)
        } that lives in another process: its memory is not here${remedy}`,
      );
    },
  };
}

function calling(kind: ShareableKind<object>, name: string, way: RemoteMethod) {
  return async function (this: object, ...args: unknown[]): Promise<unknown> {
    return await ask(this, addressOf(this, kind, name), kind, [name, way, args]);
  };
}

/** The same for what may have been sent ahead. */
function getting(kind: ShareableKind<object>, name: string, way: RemoteMethod) {
  return async function (this: object, ...args: unknown[]): Promise<unknown> {
    const address = addressOf(this, kind, name);
    const ahead = address.port.ahead?.(address.id);
    const call = (name: string, args: readonly unknown[]) =>
      ask(this, address, kind, [name, way, args]);
    return await (ahead === undefined ? call(name, args) : ahead.get(args, call));
  };
}

/** The same for what may be put together with others. */
function putting(kind: ShareableKind<object>, name: string, way: RemoteMethod) {
  return async function (this: object, ...args: unknown[]): Promise<unknown> {
    const address = addressOf(this, kind, name);
    if (args.length < 2 || args[1] === undefined) {
      const answer = address.port.put?.(address.id, args[0]);
      if (answer !== undefined) return void await answer;
    }
    return await ask(this, address, kind, [name, way, args]);
  };
}

/** Methods of queues that are more than a call. */
const SEVERAL: Readonly<Record<string, typeof calling>> = { get: getting, put: putting };

/** Where an object lives of which a method is called. */
function addressOf(object: object, kind: ShareableKind<object>, name: string): Address {
  const address = addresses.get(object);
  if (address === undefined) throw new TypeError(`Cannot call ${name}: this is no ${kind.name}`);
  const refusal = kind.refuses?.(object, name);
  if (refusal !== undefined) throw refusal;
  return address;
}

async function ask(
  object: object,
  { port, id }: Address,
  kind: ShareableKind<object>,
  [name, way, args]: [string, RemoteMethod, readonly unknown[]],
): Promise<unknown> {
  const signal = way === "call" ? undefined : signalOf(args[way]);
  if (way === "call" || signal === undefined) {
    return learn(object, await port.call(id, name, args));
  }
  if (signal.aborted) {
    const message = `Cannot ${
      deedOf(kind.name, name === GET_SEVERAL ? "get" : name)
    }: the signal was aborted`;
    throw new CancelledError(message, { cause: signal.reason });
  }
  const { signal: _, ...limit } = args[way] as WaitLimit;
  const sent = [...args];
  sent[way] = limit;
  try {
    return learn(object, await port.call(id, name, sent, signal));
  } catch (error) {
    if (!(error instanceof CancelledError) || !signal.aborted) throw error;
    throw new CancelledError(error.message, { cause: signal.reason });
  }
}

/** What a method does that may wait, in the words of the class itself. */
function deedOf(kind: string, method: string): string {
  const object = withArticle(kind);
  if (method !== "wait") return `${method} ${object}`;
  return kind === "Barrier" ? `wait at ${object}` : `wait for ${object}`;
}

/** The signal of a limit; what is no limit, and what is no signal, is refused where the object lives. */
function signalOf(limit: unknown): AbortSignal | undefined {
  if (typeof limit !== "object" || limit === null) return undefined;
  const { signal } = limit as WaitLimit;
  return signal instanceof AbortSignal ? signal : undefined;
}

function learn(object: object, { value, abandoned }: RemoteAnswer): unknown {
  if (abandoned) abandonedOnes.add(object);
  else abandonedOnes.delete(object);
  return value;
}
