/**
 * Starts the Web Worker of a {@linkcode Thread}, or of a {@linkcode Process} that is one; its own side is
 * `thread_entry.ts`.
 *
 * - It ends once, here: when it says so, when it is told to, or when its Web Lock is free, since what ends
 *   it may leave it no time to say so. That is looked at only while it keeps the program alive.
 * - Deno can't stop a worker in a loop that never waits. One that is told to end is let go of then: it
 *   counts as dead, does not hold the program, and gets no further than its next lock.
 */

import { endRealm, passForChild } from "../../sync/_realm.ts";
import { type Charge, type ChargeEnd, FIRST_SIGNAL_CODE } from "./_child_life.ts";
import { LifeWatch, newLockName } from "../workers/_life_lock.ts";
import { isObjectMessage } from "../objects/_object_protocol.ts";
import { ObjectPort } from "../objects/_object_port.ts";
import type { FromThread, ThreadMessage, ToThread } from "../workers/_protocol.ts";
import type { SharedRecord } from "./_this_process.ts";
import type { ThreadRecord } from "./_this_thread.ts";
import { checkMayLoad, newWebWorker } from "../workers/_web_worker.ts";
import { explainUnsendable, sendTarget, workMessage, type WorkOrder } from "./_work_order.ts";
import { refWorker } from "../workers/_worker_ref.ts";

const ENTRY = new URL("../thread_entry.ts", import.meta.url);

/** What a thread is to be, and to do. */
export interface ThreadSetup extends WorkOrder {
  /** The process that it is a thread of; one of its own, where it stands for one. */
  readonly process: SharedRecord;
  /** `null` for the main thread of a process of its own. */
  readonly thread: ThreadRecord | null;
  /** Deno's permissions for it; `undefined` shares the parent's. */
  readonly permissions: Deno.PermissionOptions | undefined;
}

/**
 * Throws when this program may not load the code of a thread.
 *
 * @param what Completes "Cannot …".
 * @throws {Deno.errors.NotCapable} Naming the flag to add.
 */
export function checkMayLoadThreads(what: string): void {
  checkMayLoad(what, ENTRY);
}

/**
 * Starts it at once. Its target may still have to be looked at, and follows.
 *
 * @throws {DOMException} When the arguments or fields can't be cloned; nothing runs then.
 * @throws {RuntimeError} When there are as many threads as there can be.
 */
export function launchThread(setup: ThreadSetup): Charge & { readonly ident: number } {
  return new LaunchedThread(setup);
}

/** The numbers of the signals that a process is told to end by. */
const SIGNALS: Partial<Record<Deno.Signal, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** The exit code of a thread that ended without a word. */
const SILENT_CODE = 1;

class LaunchedThread implements Charge {
  readonly pid = Deno.pid;
  readonly ended: Promise<ChargeEnd>;
  /** Its realm, whose number it has to itself. */
  readonly ident: number;
  /** In reports. */
  readonly #who: string;
  readonly #worker: Worker;
  readonly #objects: ObjectPort;
  readonly #watch: LifeWatch;
  readonly #settle: (end: ChargeEnd) => void;
  #isOpen = true;
  #isUp = false;
  /** What keeps the program alive: that it is to, and calls of objects that live beyond the thread. */
  #isWanted = true;
  #hasCalls = false;
  #isHeld = true;

  constructor(setup: ThreadSetup) {
    const { name, modules, permissions, subclass, thread } = setup;
    this.#who = `${thread === null ? "process" : "thread"} ${JSON.stringify(name)}`;
    const realm = passForChild(name);
    this.ident = realm.id;
    ({ promise: this.ended, resolve: this.#settle } = Promise.withResolvers<ChargeEnd>());
    const lifeLock = newLockName();
    const silent = () => this.#end({ code: SILENT_CODE, signal: null });
    this.#watch = new LifeWatch(lifeLock, silent);
    this.#objects = new ObjectPort({
      sharesMemory: true,
      realm: realm.id,
      post: (message) => this.#post(message),
      waits: (on) => {
        this.#hasCalls = on;
        this.#look();
      },
    });
    let worker: Worker | undefined;
    try {
      const transfer: Transferable[] = [];
      const { process } = setup;
      const work = workMessage(setup, transfer, this.#objects);
      const message: ThreadMessage = { kind: "thread", process, thread, realm, lifeLock, ...work };
      const known = subclass === null ? modules : [...modules, subclass.url!];
      const spec = { entry: ENTRY, serve: "runThread", name, modules: known, permissions };
      this.#worker = worker = newWebWorker(spec);
      this.#listen();
      this.#post(message, transfer);
    } catch (error) {
      worker?.terminate();
      this.#watch[Symbol.dispose]();
      this.#objects.close();
      endRealm(realm.id);
      throw explainUnsendable(error, setup);
    }
    sendTarget(setup.target, (message) => this.#post(message));
  }

  #listen(): void {
    this.#worker.onmessage = ({ data }: MessageEvent<FromThread>) => this.#receive(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      console.error(`error: Uncaught (in ${this.#who}) ${event.message}`);
      this.#end({ code: 1, signal: null });
    };
  }

  #post(message: ToThread, transfer: Transferable[] = []): void {
    // A list, even an empty one, makes Deno load what can be transferred: milliseconds.
    if (transfer.length > 0) this.#worker.postMessage(message, transfer);
    else this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    if (!this.#isOpen) return;
    this.#watch.heard();
    if (isObjectMessage(message)) return this.#objects.receive(message);
    switch (message.kind) {
      case "up":
        this.#isUp = true;
        if (this.#isHeld) this.#watch.watch();
        break;
      case "end":
        this.#end({ code: message.code, signal: null });
        break;
      default:
        message satisfies never;
    }
  }

  hold(on: boolean): void {
    this.#isWanted = on;
    this.#look();
  }

  signal(signal: Deno.Signal): void {
    this.#end({ code: FIRST_SIGNAL_CODE + (SIGNALS[signal] ?? 0), signal });
  }

  /** Each direction once: Deno counts. */
  #look(): void {
    const held = this.#isOpen && (this.#isWanted || this.#hasCalls);
    if (held === this.#isHeld) return;
    this.#isHeld = held;
    refWorker(this.#worker, held);
    if (!this.#isUp || !this.#isOpen) return;
    if (held) this.#watch.watch();
    else this.#watch.unwatch();
  }

  #end(end: ChargeEnd): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#watch[Symbol.dispose]();
    this.#worker.terminate();
    this.#objects.close();
    endRealm(this.ident);
    this.#look();
    this.#settle(end);
  }
}
