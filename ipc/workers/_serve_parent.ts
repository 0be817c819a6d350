/**
 * What a worker does for its parent, whatever kind of worker it is; the entries bring the link.
 *
 * Everything that could end the worker goes through here, so that finished answers leave first and the
 * parent learns how it ended: `Deno.exit`, `self.close`, uncaught errors and unhandled rejections.
 */

import { adoptRealm, realmEnds } from "../../sync/_realm_pass.ts";
import { decode, sharesObjects } from "../values/_codec.ts";
import { encodeError } from "../values/_error_codec.ts";
import { setLineage } from "./_lineage.ts";
import { setMainModule } from "../values/_main_module.ts";
import { withoutOwnFrames } from "../values/_own_frames.ts";
import type { Post } from "./_outbox.ts";
import { setUpward } from "../objects/_desk.ts";
import type { ObjectLink } from "../objects/_object_port.ts";
import { isObjectMessage, type ObjectMessage } from "../objects/_object_protocol.ts";
import type { ExitMessage, FailedMessage, StartMessage, ToWorker } from "./_protocol.ts";
import { type AroundImport, type Loaders, Resolver } from "../values/_resolve_callable.ts";
import { CallServer, type Departure } from "./_serve_calls.ts";
import { type ObjectSupport, SharedObjects } from "../objects/_shared_objects.ts";
import { loadTaskContext } from "./_task_context.ts";
import { setThisProcess } from "../processes/_this_process.ts";
import { setThisThread } from "../processes/_this_thread.ts";
import { setThisResolver } from "../values/_this_resolver.ts";
import { watchEnd } from "./_worker_end.ts";
import { RunningTask } from "../current_task.ts";

/** How a worker reaches its parent. */
export interface ParentLink {
  readonly post: Post;
  /** When what was posted has left; `null` where it leaves at once. */
  readonly departure: Departure | null;
  /** Sends the last message of all, whatever it takes: the worker may end when it returns. */
  postLast(message: FailedMessage | ExitMessage): void;
  /** Ends the worker after an error that it has reported. */
  end(): void;
  /** The modules are loaded, the initializer has run: before the first task, if it matters to the link. */
  ready?(): Promise<void>;
  /** Loads what shared objects need. */
  loadObjects(): Promise<ObjectSupport>;
  /** How objects go there and come from there that live elsewhere. */
  readonly objectLink: ObjectLink;
  /** Around each import of a module for the user, if it matters to the link. */
  readonly aroundImport?: AroundImport;
}

/** See the head of the file. */
export class ParentService {
  readonly #link: ParentLink;
  readonly #loaders: Loaders;
  readonly #objects: SharedObjects;
  #server: CallServer | undefined = undefined;
  #ready = false;
  readonly #early: Exclude<ToWorker, StartMessage | ObjectMessage>[] = [];
  #loadedMore = false;

  /** @param loaders Imports of modules that the worker may lack permission to import by URL. */
  constructor(link: ParentLink, loaders: Loaders) {
    this.#link = link;
    this.#loaders = loaders;
    this.#objects = new SharedObjects(link.objectLink, () => link.loadObjects());
    if (link.objectLink.sharesMemory) setUpward(this.#objects);
    watchEnd({
      uncaught: (error) => this.#fail("uncaught", encodeError(error)),
      exits: (how) => this.#exits(how),
    });
  }

  /** What is sent ahead of everything else leaves. */
  flushObjects(): void {
    this.#objects.flush();
  }

  /** The worker ends: what is finished leaves, and nothing begins any more. */
  finish(): void {
    this.#server?.end();
    realmEnds();
  }

  /** The worker ends by its own doing. */
  #exits(how: string): void {
    this.finish();
    this.#link.postLast({ kind: "exit", how, begun: this.#server?.begun() ?? [] });
  }

  #fail(stage: FailedMessage["stage"], error: FailedMessage["error"]): void {
    this.finish();
    this.#link.postLast({ kind: "failed", stage, error, begun: this.#server?.begun() ?? [] });
    this.#link.end();
  }

  /** Whether everything that the parent has sent is done. */
  get isIdle(): boolean {
    return this.#server?.isIdle ?? false;
  }

  /** Handles whatever the parent sends after the start. */
  receive(message: Exclude<ToWorker, StartMessage>): void {
    if (isObjectMessage(message)) this.#objects.port!.receive(message);
    else if (this.#ready) this.#server!.receive(message);
    else this.#early.push(message);
  }

  /** Gets ready to run tasks, of which there may be some already. */
  async start(message: StartMessage): Promise<void> {
    if (message.realm !== null) adoptRealm(message.realm);
    setThisProcess(message.process);
    setThisThread({ name: message.name, daemon: false });
    setLineage(message.lineage);
    setMainModule(message.mainModule);
    const resolver = new Resolver(message.modules, this.#loaders, this.#link.aroundImport);
    setThisResolver(resolver);
    const post: Post = (message, transfer) => {
      this.#link.post(message, transfer);
      if (message.kind === "answers") this.#loadMore();
    };
    const { departure } = this.#link;
    const server = this.#server = new CallServer(message, resolver, post, departure, this.#objects);
    if (message.concurrency > 1) await loadTaskContext();
    if (message.modules.length > 0) await resolver.preload();
    if (message.initializer !== null) {
      try {
        const { call, args } = message.initializer;
        if (sharesObjects(args)) await this.#objects.prepareFor(args);
        const { fn } = await resolver.resolve(call);
        const task = new RunningTask(call.name, { stopRequested: () => false }, 0);
        await task.run(fn, ...decode(args, this.#objects.port) as unknown[]);
      } catch (error) {
        this.#fail("initializer", withoutOwnFrames(encodeError(error)));
        return;
      }
    }
    if (this.#link.ready !== undefined) await this.#link.ready();
    this.#ready = true;
    this.#link.post({ kind: "ready", timeOrigin: performance.timeOrigin }, []);
    for (const message of this.#early.splice(0)) server.receive(message);
  }

  #loadMore(): void {
    if (this.#loadedMore) return;
    this.#loadedMore = true;
    // Not before the first answer: it would come later. A first timer takes milliseconds by itself.
    setImmediate(loadTaskContext);
  }
}
