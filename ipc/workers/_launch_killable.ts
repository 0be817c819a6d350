/**
 * Starts a pool's killable thread and is its channel; the thread's side is `killable_entry.ts`.
 *
 * A thread that shall end is asked, and ends as soon as its event loop turns. If it does not, and the
 * thread is ready, it is stopped by force; `_thread_host.ts` says when. Before it is ready it holds no Web
 * Lock, without which Deno stops nothing by force: it may be loading modules.
 *
 * Its end is waited for, but not for ever: an initializer may never end, and nor may a system call; one
 * builtin, such as the sort of a large array, must return first.
 *
 * Tasks have a port of their own, which the thread does not listen to before it is ready: until then it
 * can't lose any, not even one whose arguments there is no memory for. The thread's end of it is closed with
 * the thread, after all that it sent: when this end sees that, nothing of the thread runs any more.
 */

import { ClaimTable } from "../../sync/_claim.ts";
import { endRealm, passForChild, stopRealm } from "../../sync/_realm.ts";
import type { RealmPass } from "../../sync/_realm_pass.ts";
import { after } from "../../sync/_deadline.ts";
import type { Channel, ChannelEvents, Death, Launch, WorkerSetup } from "./_channel.ts";
import { entryModule } from "../processes/_entry_module.ts";
import { decodeError } from "../values/_error_codec.ts";
import { newLockName } from "./_life_lock.ts";
import { checkMayStart, mainModule } from "../values/_main_module.ts";
import { checkStopsThreads, newPorts, postThrough, type ThreadPort } from "./_node_threads.ts";
import { isObjectMessage } from "../objects/_object_protocol.ts";
import { ObjectPort } from "../objects/_object_port.ts";
import { outOfMemory } from "./_out_of_memory.ts";
import type { ToWorker } from "./_protocol.ts";
import { supervisedPermissions } from "./_supervised_permissions.ts";
import { startSupervised } from "./_supervised_thread.ts";
import {
  type HostedThread,
  startThread,
  type ThreadEnd,
  type ThreadLinks,
  type ThreadSpec,
} from "./_thread_host.ts";
import { startMessage } from "./_thread_start.ts";
import { referencedModules } from "../callable.ts";
import type { FromKillable, ThreadControl } from "../killable_entry.ts";

/** Milliseconds to wait for a thread that was asked to end before it was ready. */
const LONGEST_BOOT = 5000;
/** Milliseconds to wait for a thread that was stopped by force. */
const LONGEST_STOP = 1000;
/** Milliseconds to wait for the second sign of an end. */
const LONGEST_NEWS = 1000;

const ENTRY = new URL("../killable_entry.ts", import.meta.url);

/** What killable threads are started with. */
export interface KillableOptions {
  /** Deno's permissions for them; `undefined` shares the parent's. */
  readonly permissions: Deno.PermissionOptions | undefined;
  /** Megabytes of heap; `undefined` for what V8 thinks fit. */
  readonly memoryLimit: number | undefined;
}

/**
 * A way to start killable threads.
 *
 * @param what Completes "Cannot …".
 * @throws {RuntimeError} When this Deno can't stop them.
 */
export function killableLauncher(what: string, options: KillableOptions): Launch {
  checkStopsThreads(what);
  return (setup, events) => {
    checkMayStart("a worker");
    return new KillableChannel(setup, options, events);
  };
}

class KillableChannel implements Channel {
  readonly claims: ClaimTable;
  readonly objects: ObjectPort;
  readonly #realm: RealmPass;
  readonly #events: ChannelEvents;
  readonly #memoryLimit: number | undefined;
  readonly #tasks: ThreadPort;
  readonly #control: ThreadPort;
  readonly #thread: HostedThread;
  /** Resolves when nothing of the thread runs any more. */
  readonly #gone = Promise.withResolvers<void>();
  #isGone = false;
  #isBusy = false;
  /** Something of the thread's is asked. */
  #isAwaited = false;
  /** What its host says of its end. */
  #threadEnd: ThreadEnd | undefined = undefined;
  #ready = false;
  /** What keeps the program alive: tasks, and calls of objects that live beyond the thread. */
  #hasTasks = false;
  #hasCalls = false;
  /** Once the thread shall go, or has said that it will; nothing is heard of it then. */
  #ending: Promise<void> | undefined = undefined;
  /** What is to be reported at its end. */
  #report: (() => void) | undefined = undefined;
  /** Stops the wait for the second sign of its end. */
  #stopWaiting: (() => void) | undefined = undefined;

  constructor(setup: WorkerSetup, options: KillableOptions, events: ChannelEvents) {
    this.#events = events;
    this.#memoryLimit = options.memoryLimit;
    this.#realm = passForChild(setup.name);
    const [tasks, theirTasks] = newPorts();
    const [control, theirControl] = newPorts();
    this.#tasks = tasks;
    this.#control = control;
    tasks.onmessage = ({ data }: MessageEvent<FromKillable>) => this.#receive(data);
    tasks.onmessageerror = () => this.#dies({ how: "sent a message that does not decode" });
    tasks.addEventListener("close", () => this.#portClosed());
    tasks.unref();
    this.#thread = this.#host(setup, options, {
      tasks: theirTasks,
      control: theirControl,
      imports: new Int32Array(new SharedArrayBuffer(4)),
    });
    this.objects = new ObjectPort({
      sharesMemory: true,
      realm: this.#realm.id,
      post: (message) => this.post(message, []),
      waits: (on) => {
        this.#hasCalls = on;
        this.#hold();
      },
    });
    const buffer = ClaimTable.allocate(setup.slots);
    this.claims = new ClaimTable(buffer);
    try {
      const transfer: Transferable[] = [];
      const start = startMessage(
        setup,
        { claims: buffer, realm: this.#realm, lifeLock: newLockName() },
        transfer,
        this.objects,
      );
      control.postMessage(start satisfies ThreadControl, transfer);
    } catch (error) {
      this.#ended();
      throw error;
    }
  }

  #host(setup: WorkerSetup, options: KillableOptions, links: ThreadLinks): HostedThread {
    const { permissions, memoryLimit } = options;
    const spec: ThreadSpec = { url: ENTRY.href, name: setup.name, links, memoryLimit };
    const ended = (end: ThreadEnd) => this.#threadEnded(end);
    if (permissions === undefined) return startThread(spec, ended);
    const entry = ENTRY.href;
    const modules = [...setup.modules, ...referencedModules(), mainModule()].filter((url) =>
      url !== undefined
    );
    const { atStart, revoke } = supervisedPermissions(permissions, entry, modules);
    const url = entryModule({ entry, serve: "serveParent", modules, args: [revoke] });
    return startSupervised({ ...spec, url }, atStart, ended);
  }

  post(message: ToWorker, transfer: Transferable[]): void {
    postThrough(this.#tasks, message, transfer);
  }

  hold(busy: boolean): void {
    this.#hasTasks = busy;
    this.#hold();
  }

  #hold(): void {
    if (this.#ending !== undefined) return;
    if (this.#hasTasks || this.#hasCalls) this.#tasks.ref();
    else this.#tasks.unref();
  }

  close(): Promise<void> {
    this.#report = undefined;
    return this.#ended();
  }

  abandon(): Promise<void> {
    return this.close();
  }

  kill(): void {
    this.#dies({ how: "was terminated" });
  }

  #receive(message: FromKillable): void {
    if (this.#ending !== undefined) {
      // It has its lock now, and may already run a task.
      if (message?.kind === "ready") this.#thread.stop();
      return;
    }
    if (isObjectMessage(message)) return this.objects.receive(message);
    switch (message?.kind) {
      case "ready":
        this.#ready = true;
        this.#events.message(message);
        break;
      case "answers":
      case "started":
      case "pong":
        this.#events.message(message);
        break;
      case "failed": {
        const cause = decodeError(message.error);
        if (message.stage === "uncaught") this.#dies({ how: "ended by an uncaught error", cause });
        else this.#ends(() => this.#events.initializerFailed(cause));
        break;
      }
      case "exit":
        this.#dies({ how: `called ${message.how}` });
        break;
      case "memory":
        this.#dies({ how: outOfMemory(this.#memoryLimit) });
        break;
      default:
        message satisfies never;
        this.#dies({ how: "sent what is no message of Herd's" });
    }
  }

  #dies(death: Death): void {
    this.#ends(() => this.#events.closed(death));
  }

  /** Reports an end once nothing of the thread runs any more, unless the pool has closed the channel. */
  async #ends(report: () => void): Promise<void> {
    if (this.#ending !== undefined) return;
    this.#report = report;
    await this.#ended();
    this.#report?.();
  }

  /** Brings the thread's end about, in the ways that the head of the file names; resolves when it is gone. */
  #ended(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    this.#stopWaiting?.();
    if (this.#isGone) return;
    this.#control.postMessage("end" satisfies ThreadControl);
    this.#tasks.ref();
    if (this.#ready) {
      stopRealm(this.#realm.id);
      await Promise.race([this.#gone.promise, this.#thread.stop()]);
    }
    await this.#goneWithin(this.#ready ? LONGEST_STOP : LONGEST_BOOT);
    this.#tasks.unref();
  }

  /** Resolves when the thread is gone, at the latest after `ms` milliseconds. */
  #goneWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = after(ms, resolve);
      this.#gone.promise.then(() => {
        stop();
        resolve();
      });
    });
  }

  #portClosed(): void {
    this.#isGone = true;
    this.objects.close();
    endRealm(this.#realm.id);
    this.#control.close();
    this.#gone.resolve();
    this.#thread.release();
    this.#checkEnd();
  }

  #threadEnded(end: ThreadEnd): void {
    this.#threadEnd = end;
    this.#checkEnd();
  }

  /** Reports a death when all that the thread sent has arrived and it is known how it ended. */
  #checkEnd(): void {
    if (this.#ending !== undefined) return;
    if (this.#isGone && this.#threadEnd !== undefined) this.#dies(this.#death());
    else this.#stopWaiting ??= after(LONGEST_NEWS, () => this.#dies(this.#death()));
  }

  #death(): Death {
    if (this.#threadEnd === undefined) return { how: "ended silently" };
    const { code, error } = this.#threadEnd;
    if (this.#threadEnd.outOfMemory) return { how: outOfMemory(this.#memoryLimit) };
    if (error === undefined) return { how: `ended with exit code ${code}` };
    const how = this.#ready ? "ended by an uncaught error" : "failed to start";
    return { how, cause: new Error(error) };
  }
}
