/**
 * The main module of a {@linkcode Thread}, or of a {@linkcode Process} that is a Web Worker; the parent's
 * side is `_launch_thread.ts`.
 *
 * It ends when its target has come to its end and the processes and threads that it has started have, but for
 * daemons; by `Deno.exit` or `self.close`; or of an uncaught error, which it reports. Timers and connections
 * do not keep it: nobody could tell whether one is left.
 *
 * @module
 */

import { thisRealm } from "../sync/_realm.ts";
import { adoptRealm, realmEnds } from "../sync/_realm_pass.ts";
import { carryOut, reportUncaught, type Role } from "./processes/_carry_out.ts";
import { setUpward } from "./objects/_desk.ts";
import { holdForLife } from "./workers/_life_lock.ts";
import { setMainModule } from "./values/_main_module.ts";
import { isObjectMessage } from "./objects/_object_protocol.ts";
import { childrenEnded } from "./processes/_own_children.ts";
import type { FromThread, TargetMessage, ThreadMessage, ToThread } from "./workers/_protocol.ts";
import { type Loaders, Resolver } from "./values/_resolve_callable.ts";
import { objectLoader, SharedObjects } from "./objects/_shared_objects.ts";
import { setThisProcess } from "./processes/_this_process.ts";
import { setThisResolver } from "./values/_this_resolver.ts";
import { setThisThread } from "./processes/_this_thread.ts";
import { watchEnd } from "./workers/_worker_end.ts";
import { refusePosts, scope } from "./workers/_worker_scope.ts";
import { setCurrentProcess } from "./current_process.ts";
import { setCurrentThread } from "./current_thread.ts";
import { Process } from "./process.ts";
import { Thread } from "./thread.ts";

/**
 * Does what the parent of this worker asks for.
 *
 * @param loaders Imports of modules that the worker may lack permission to import by URL.
 */
export function runThread(loaders: Loaders): void {
  const work = new ThreadWork(loaders);
  refusePosts("this worker is a thread of Herd's: pass it a queue or a port");
  scope.addEventListener("message", (event) => {
    // The channel is Herd's alone: user code that listens would mistake its messages for its own.
    event.stopImmediatePropagation();
    work.receive((event as MessageEvent<ToThread>).data);
  });
}

class ThreadWork {
  readonly #loaders: Loaders;
  readonly #post: (message: FromThread) => void;
  readonly #close: () => void;
  readonly #objects: SharedObjects;
  #start: ThreadMessage | undefined = undefined;

  constructor(loaders: Loaders) {
    this.#loaders = loaders;
    // An empty list of what to transfer would take a millisecond the first time.
    const post = scope.postMessage.bind(scope);
    this.#post = (message) => post(message);
    this.#close = scope.close.bind(scope);
    const link = { sharesMemory: true, post: this.#post };
    this.#objects = new SharedObjects(link, objectLoader(loaders));
    setUpward(this.#objects);
    watchEnd({
      uncaught: (error) => {
        this.#report(error);
        this.#end(1);
      },
      exits: (_, code) => this.#tellEnd(code),
    });
  }

  /** Says what an uncaught error was; one that was told to end and has not yet fails of nothing but that. */
  #report(error: unknown): void {
    const { realms, id } = thisRealm();
    if (!realms.isAlive(id)) return;
    const { thread, process } = this.#start!;
    const who = thread === null
      ? `process ${JSON.stringify(process.record.name)}`
      : `thread ${JSON.stringify(thread.name)}`;
    reportUncaught(who, error);
  }

  /** Handles what the parent sends. */
  receive(message: ToThread): void {
    if (isObjectMessage(message)) this.#objects.port!.receive(message);
    else if (message.kind === "thread") this.#prepare(message);
    else this.#run(message);
  }

  #prepare(message: ThreadMessage): void {
    this.#start = message;
    holdForLife(message.lifeLock);
    this.#post({ kind: "up" });
    adoptRealm(message.realm);
    setThisProcess(message.process);
    if (message.thread !== null) setThisThread(message.thread);
    setMainModule(message.mainModule);
  }

  async #run(target: TargetMessage): Promise<void> {
    const { modules, process, thread } = this.#start!;
    const resolver = new Resolver(modules, this.#loaders);
    setThisResolver(resolver);
    const role: Role = thread === null
      ? { base: Process, record: process.record, made: setCurrentProcess }
      : { base: Thread, record: thread, made: setCurrentThread };
    try {
      await carryOut(this.#start!, target, {
        ...role,
        resolver,
        prepareFor: (values) => this.#objects.prepareFor(values),
        objects: () => this.#objects.port,
      });
    } catch (error) {
      this.#report(error);
      Deno.exitCode = 1;
    }
    await childrenEnded();
    this.#end(Deno.exitCode);
  }

  #end(code: number): void {
    this.#tellEnd(code);
    this.#close();
  }

  /** What the thread holds is let go of, before anybody learns of its end. */
  #tellEnd(code: number): void {
    realmEnds();
    // As the system would count it.
    this.#post({ kind: "end", code: code & 0xff });
  }
}

if (import.meta.main) runThread({});
