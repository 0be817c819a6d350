/**
 * Starts a pool's child process and is its channel; the child's side is `process_entry.ts`.
 *
 * Tasks stay here until the child is ready, so that they can be taken back while it starts and are not
 * lost with a child that does not come up. What was taken back meanwhile is sent all the same, announced
 * as to be skipped, since the messages are made when the tasks are given.
 */

import type { Channel, ChannelEvents, Death, Launch, WorkerSetup } from "./_channel.ts";
import { checkAnswers, checkReady } from "./_check_message.ts";
import { Child, type ChildEnd, type ChildSpec } from "../processes/_child.ts";
import { type ChildOptions, childSpecs } from "../processes/_child_spec.ts";
import { encode } from "../values/_codec.ts";
import { decodeError } from "../values/_error_codec.ts";
import { isObjectMessage } from "../objects/_object_protocol.ts";
import { ObjectPort } from "../objects/_object_port.ts";
import { type Message, messageLength } from "../bytes/_frame.ts";
import { checkMayStart, mainModule } from "../values/_main_module.ts";
import { messageFromBytes, messageToBytes } from "../bytes/_message_bytes.ts";
import { outOfMemory } from "./_out_of_memory.ts";
import {
  type FromWorker,
  RUN_HEAD,
  type RunMessage,
  type StartMessage,
  Status,
  type ToWorker,
} from "./_protocol.ts";
import { OBJECT_SUPPORT } from "../objects/_shared_objects.ts";
import { checkMayHaveChildren, newChildRecord } from "../processes/_this_process.ts";
import { UnsharedClaims } from "./_unshared_claims.ts";

const ENTRY = new URL("../process_entry.ts", import.meta.url);

/**
 * A way to start child processes.
 *
 * @param what Completes "Cannot …".
 * @throws What {@linkcode childSpecs} throws.
 */
export function processLauncher(what: string, options: ChildOptions): Launch {
  const specFor = childSpecs(what, options);
  return (setup, events) => {
    checkMayHaveChildren("start a worker");
    checkMayStart("a worker");
    const modules = [...setup.modules, OBJECT_SUPPORT];
    const spec = specFor({ url: ENTRY, serve: "serveParent", modules });
    return new ProcessChannel(setup, spec, events, options.memoryLimit);
  };
}

/** A message that waits for the child to be ready. */
interface Kept {
  readonly parts: Message;
  /** The slots of its tasks. */
  readonly slots: readonly number[];
}

class ProcessChannel implements Channel {
  readonly claims: UnsharedClaims;
  readonly objects: ObjectPort;
  readonly #slots: number;
  readonly #memoryLimit: number | undefined;
  readonly #child: Child;
  readonly #events: ChannelEvents;
  /** Until the child is ready. */
  #kept: Kept[] | undefined = [];
  #open = true;
  /** What keeps the program alive: tasks, and calls of objects that live in the child. */
  #hasTasks = false;
  #hasCalls = false;
  /** What the child said of its end. */
  #death: Death | undefined = undefined;

  constructor(
    setup: WorkerSetup,
    spec: ChildSpec,
    events: ChannelEvents,
    memoryLimit: number | undefined,
  ) {
    this.#events = events;
    this.#memoryLimit = memoryLimit;
    this.#slots = setup.slots;
    this.claims = new UnsharedClaims(setup.slots);
    this.objects = new ObjectPort({
      sharesMemory: false,
      post: (message) => this.post(message, []),
      name: () => `${setup.name} (process ${this.#child.pid})`,
      waits: (on) => {
        this.#hasCalls = on;
        this.#hold();
      },
    });
    const { initializer } = setup;
    const transfer: Transferable[] = [];
    const start: StartMessage = {
      kind: "start",
      name: setup.name,
      process: { record: newChildRecord("spawn", () => setup.name), counts: null },
      mainModule: mainModule(),
      modules: setup.modules,
      realm: null,
      claims: null,
      slots: setup.slots,
      concurrency: setup.concurrency,
      lineage: setup.lineage,
      initializer: initializer &&
        { call: initializer.call, args: encode(initializer.args, transfer, this.objects) },
    };
    const parts = messageToBytes(start, transfer);
    this.#child = new Child(spec, {
      message: (parts) => this.#receive(parts),
      ended: (end) => this.#ended(end),
    });
    this.#child.hold(false);
    this.#child.send(parts);
  }

  post(message: ToWorker, transfer: Transferable[]): void {
    // What has not left is not running: it is taken back by its claim alone.
    if (this.#kept !== undefined && message.kind === "stop") return;
    // What would be sent to a worker that ends can still be given to another.
    if (this.#death !== undefined) return;
    const slots = message.kind === "run" ? slotsOf(message) : [];
    const kept: Kept = { parts: messageToBytes(message, transfer), slots };
    // Now, when it can still be refused.
    messageLength(kept.parts);
    if (this.#kept !== undefined) this.#kept.push(kept);
    else this.#send(kept);
  }

  #send({ parts, slots }: Kept): void {
    const revoked = slots.filter((slot) => !this.claims.leave(slot));
    if (revoked.length > 0) {
      this.#child.send(messageToBytes({ kind: "skip", slots: revoked }));
    }
    this.#child.send(parts);
  }

  hold(busy: boolean): void {
    this.#hasTasks = busy;
    this.#hold();
  }

  #hold(): void {
    if (this.#open) this.#child.hold(this.#hasTasks || this.#hasCalls);
  }

  close(): Promise<void> {
    this.#open = false;
    return this.#child.close();
  }

  abandon(): Promise<void> {
    this.#open = false;
    return this.#child.terminate();
  }

  kill(signal: "SIGTERM" | "SIGKILL"): void {
    if (signal === "SIGTERM") this.#child.terminate();
    else this.#child.signal(signal);
  }

  #receive(parts: Message): void {
    if (!this.#open || this.#death !== undefined) return;
    const message = messageFromBytes(parts) as FromWorker;
    if (isObjectMessage(message)) return this.objects.receive(message);
    switch (message?.kind) {
      case "ready": {
        checkReady(message);
        const kept = this.#kept ?? [];
        this.#kept = undefined;
        for (const message of kept) this.#send(message);
        return this.#events.message(message);
      }
      case "answers":
        checkAnswers(message, this.#slots);
        return this.#events.message(message);
      case "started":
      case "pong":
        return this.#events.message(message);
      case "failed": {
        const cause = decodeError(message.error);
        if (message.stage === "initializer") {
          this.abandon();
          return this.#events.initializerFailed(cause);
        }
        return this.#ends({ how: "ended by an uncaught error", cause }, message.begun);
      }
      case "exit":
        return this.#ends({ how: `called ${message.how}` }, message.begun);
      default:
        message satisfies never;
        throw new TypeError("Cannot use a message from a worker: it is of no known kind");
    }
  }

  #ends(death: Death, begun: readonly number[]): void {
    this.#death = death;
    const unbegun = this.claims.begun().filter((slot) => !begun.includes(slot));
    // It would have skipped what was asked to stop before it began.
    const asked = unbegun.filter((slot) => this.claims.stopRequested(slot));
    this.#events.message({
      kind: "answers",
      heads: asked.flatMap((slot) => [slot, Status.skipped, 0, 0]),
      values: asked.map(() => undefined),
    });
    for (const slot of unbegun) this.claims.giveBack(slot);
    // It said that it ends: so it has to, whatever keeps it.
    this.#child.close();
  }

  #ended(end: ChildEnd): void {
    this.objects.close();
    if (!this.#open) return;
    this.#open = false;
    const death = this.#death ?? deathOf(end, this.#memoryLimit);
    this.#events.closed({
      ...death,
      how: `(process ${this.#child.pid}) ${death.how}`,
      ...noteOf(end),
    });
  }
}

function slotsOf({ heads }: RunMessage): number[] {
  return heads.filter((_, i) => i % RUN_HEAD === 0);
}

/** Of a child that said nothing of its end. */
function deathOf(end: ChildEnd, memoryLimit: number | undefined): Death {
  const { code, signal, channelError } = end;
  const unsure = true;
  if (channelError !== undefined) {
    return { how: "sent what is no message of Herd's", cause: channelError, unsure };
  }
  if (end.deserted) return { how: "closed its channel and lived on", unsure };
  if (signal === null) return { how: `exited with code ${code}`, unsure };
  if (end.outOfMemory) return { how: outOfMemory(memoryLimit, signal), unsure };
  // It listens for SIGINT as soon as it is up.
  return { how: `was killed by ${signal}`, unsure, interrupted: signal === "SIGINT" };
}

function noteOf({ lastWords }: ChildEnd): { note?: string } {
  return lastWords === "" ? {} : { note: `its last lines on standard error:\n${lastWords}` };
}
