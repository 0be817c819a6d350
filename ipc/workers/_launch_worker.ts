/**
 * Starts a pool's Web Worker and is its channel; the worker's side is `worker_entry.ts`.
 */

import { ClaimTable } from "../../sync/_claim.ts";
import { endRealm, passForChild } from "../../sync/_realm.ts";
import { Hatch } from "../../sync/_hatch.ts";
import { Cards } from "./_cards.ts";
import type { Channel, ChannelEvents, Launch, WorkerSetup } from "./_channel.ts";
import { decodeError } from "../values/_error_codec.ts";
import { holderGone, LifeWatch, newLockName } from "./_life_lock.ts";
import { checkMayStart } from "../values/_main_module.ts";
import { isObjectMessage } from "../objects/_object_protocol.ts";
import { ObjectPort } from "../objects/_object_port.ts";
import type { CardMessage, FromWorker, ToWorker } from "./_protocol.ts";
import { startMessage } from "./_thread_start.ts";
import { checkMayLoad, newWebWorker } from "./_web_worker.ts";
import { refWorker } from "./_worker_ref.ts";
import type { WorkerStartMessage } from "../worker_entry.ts";

/** How long `close` waits for a thread to end before it lets go of it, in milliseconds. */
const LONGEST_CLOSE = 1000;

const ENTRY = new URL("../worker_entry.ts", import.meta.url);

/**
 * Throws when this program may not load a worker's code.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} Naming the flag to add.
 */
export function checkMayLoadWorkers(what: string): void {
  checkMayLoad(what, ENTRY);
}

/**
 * A way to start Web Workers.
 *
 * @param permissions Deno's permissions for them; `undefined` shares the parent's.
 */
export function workerLauncher(permissions: Deno.PermissionOptions | undefined): Launch {
  return (setup, events) => {
    checkMayStart("a worker");
    return new WorkerChannel(setup, permissions, events);
  };
}

class WorkerChannel implements Channel {
  readonly claims: ClaimTable;
  readonly objects: ObjectPort;
  readonly #realm: number;
  readonly #worker: Worker;
  readonly #events: ChannelEvents;
  readonly #lifeLock = newLockName();
  readonly #watch: LifeWatch;
  readonly #cards: Cards;
  readonly #hatch: Hatch;
  /** Messages posted so far. */
  #posted = 0;
  /** Waits a moment for the first tasks, to travel with them. */
  #start: WorkerStartMessage | undefined;
  #open = true;
  #ready = false;
  #held = true;
  /** Whether it is looked after: it has tasks, or objects that live beyond it are being called. */
  #busy = false;
  #hasTasks = false;
  #hasCalls = false;

  constructor(
    setup: WorkerSetup,
    permissions: Deno.PermissionOptions | undefined,
    events: ChannelEvents,
  ) {
    this.#events = events;
    this.#watch = new LifeWatch(this.#lifeLock, () => this.#close({ how: "ended silently" }));
    const { name, modules } = setup;
    this.#worker = newWebWorker({ entry: ENTRY, serve: "serveParent", name, modules, permissions });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker | CardMessage>) =>
      this.#receive(typeof data === "number" ? this.#cards.readAnswer(data) : data);
    this.#worker.onmessageerror = () => this.#close({ how: "sent a message that does not decode" });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#close({ how: "failed to start", cause: new Error(event.message) });
    };
    this.#hold(false);
    const buffer = ClaimTable.allocate(setup.slots);
    this.claims = new ClaimTable(buffer);
    const cards = Cards.allocate(setup.slots);
    this.#cards = new Cards(cards);
    const hatch = Hatch.allocate();
    this.#hatch = new Hatch(hatch);
    const realm = passForChild(setup.name);
    this.#realm = realm.id;
    this.objects = new ObjectPort({
      sharesMemory: true,
      realm: realm.id,
      post: (message) => this.post(message, []),
      waits: (on) => {
        this.#hasCalls = on;
        this.#look();
      },
    });
    const transfer: Transferable[] = [];
    const start: WorkerStartMessage = {
      ...startMessage(
        setup,
        { claims: buffer, realm, lifeLock: this.#lifeLock },
        transfer,
        this.objects,
      ),
      cards,
      hatch,
      first: null,
    };
    if (setup.initializer === null) {
      this.#start = start;
      queueMicrotask(() => this.#sendStart());
      return;
    }
    try {
      this.#send(start, transfer);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  post(message: ToWorker, transfer: Transferable[]): void {
    const start = this.#start;
    if (start !== undefined && message.kind === "run") {
      // Not a second time when a getter in the message has something posted.
      this.#start = undefined;
      try {
        const full: WorkerStartMessage = { ...start, first: message };
        this.#send(full, transfer);
      } catch (error) {
        this.#start = start;
        throw error;
      }
      return;
    }
    this.#sendStart();
    const slot = message.kind === "run" ? this.#cards.writeTask(message) : undefined;
    if (slot === undefined) this.#send(message, transfer);
    else if (!this.#hatch.put(slot, this.#posted)) this.#send(slot);
  }

  #send(
    message: ToWorker | WorkerStartMessage | CardMessage,
    transfer: Transferable[] = [],
  ): void {
    this.#hatch.shut(this.#posted);
    // A list, even an empty one, makes Deno load what can be transferred: milliseconds.
    if (transfer.length > 0) this.#worker.postMessage(message, transfer);
    else this.#worker.postMessage(message);
    this.#posted++;
  }

  #sendStart(): void {
    const start = this.#start;
    if (start === undefined || !this.#open) return;
    this.#start = undefined;
    this.#send(start);
  }

  hold(busy: boolean): void {
    this.#hasTasks = busy;
    this.#look();
  }

  #look(): void {
    const busy = this.#hasTasks || this.#hasCalls;
    if (!this.#open || busy === this.#busy) return;
    this.#busy = busy;
    this.#hold(busy);
    if (!this.#ready) return;
    if (busy) this.#watch.watch();
    else this.#watch.unwatch();
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    const ready = this.#ready;
    this.abandon();
    // A worker that has not come up yet holds no lock: there is nothing to wait for.
    if (ready) await holderGone(this.#lifeLock, AbortSignal.timeout(LONGEST_CLOSE));
  }

  abandon(): Promise<void> {
    this.#open = false;
    this.#watch[Symbol.dispose]();
    this.#worker.terminate();
    this.objects.close();
    endRealm(this.#realm);
    this.#hold(false);
    return Promise.resolve();
  }

  kill(): void {
    this.#close({ how: "was terminated" });
  }

  #receive(message: FromWorker): void {
    if (!this.#open) return;
    this.#watch.heard();
    if (isObjectMessage(message)) return this.objects.receive(message);
    switch (message?.kind) {
      case "ready":
        this.#ready = true;
        if (this.#busy) this.#watch.watch();
        this.#events.message(message);
        break;
      case "answers":
      case "started":
      case "pong":
        this.#events.message(message);
        break;
      case "failed": {
        const cause = decodeError(message.error);
        if (message.stage === "initializer") {
          this.abandon();
          this.#events.initializerFailed(cause);
        } else this.#close({ how: "ended by an uncaught error", cause });
        break;
      }
      case "exit":
        this.#close({ how: `called ${message.how}` });
        break;
      default:
        message satisfies never;
        this.#close({ how: "sent what is no message of Herd's" });
    }
  }

  #close(death: { how: string; cause?: unknown }): void {
    if (!this.#open) return;
    this.abandon();
    this.#events.closed(death);
  }

  /** Each direction once: Deno counts. */
  #hold(on: boolean): void {
    if (on === this.#held) return;
    this.#held = on;
    refWorker(this.#worker, on);
  }
}
