/**
 * The main module of a pool's Web Worker; the parent's side is `_launch_worker.ts`.
 *
 * Everything that could end the worker goes through here, so that finished answers leave first and the
 * parent learns how it ended: `Deno.exit`, `self.close`, uncaught errors and unhandled rejections.
 *
 * @module
 */

import { encodeError } from "./_error_codec.ts";
import { holdForLife } from "./_life_lock.ts";
import { setMainModule } from "./_main_module.ts";
import { withoutOwnFrames } from "./_own_frames.ts";
import type { FromWorker, RunMessage, StartMessage, ToWorker } from "./_protocol.ts";
import { type Loaders, Resolver } from "./_resolve_callable.ts";
import { CallServer } from "./_serve_calls.ts";
import { decode } from "./_codec.ts";
import { loadTaskContext } from "./_task_context.ts";
import { RunningTask } from "./current_task.ts";
import { nameThread } from "./thread.ts";

/** A worker's global scope, as far as it is used here. */
interface WorkerScope extends EventTarget {
  postMessage(message: unknown, transfer: Transferable[]): void;
  close(): void;
}

/** The first message to a Web Worker. */
export interface WorkerStartMessage extends StartMessage {
  /** The Web Lock that it holds for life. */
  lifeLock: string;
  /** Tasks that were there at the start: a message less before the first answer. */
  first: RunMessage | null;
}

/**
 * Serves the parent of this worker until it ends.
 *
 * @param loaders Imports of modules that the worker may lack permission to import by URL.
 */
export function serveParent(loaders: Loaders): void {
  const scope = globalThis as unknown as WorkerScope;
  const post = scope.postMessage.bind(scope) as (
    message: FromWorker,
    transfer: Transferable[],
  ) => void;
  let server: CallServer | undefined;
  let ready = false;
  const early: Exclude<ToWorker, StartMessage>[] = [];

  let loadedMore = false;
  const loadMore = () => {
    if (loadedMore) return;
    loadedMore = true;
    // Not before the first answer: it would come later.
    setTimeout(loadTaskContext);
  };

  const last = (message: FromWorker) => {
    server?.end();
    post(message, []);
  };
  const close = scope.close.bind(scope);
  const uncaught = (event: Event, error: unknown) => {
    event.preventDefault();
    last({ kind: "failed", stage: "uncaught", error: encodeError(error) });
    close();
  };
  scope.addEventListener("error", (event) => uncaught(event, (event as ErrorEvent).error));
  scope.addEventListener("unhandledrejection", (event) => {
    uncaught(event, (event as PromiseRejectionEvent).reason);
  });
  scope.close = () => {
    last({ kind: "exit", how: "self.close()" });
    close();
  };
  const exit = Deno.exit;
  Deno.exit = (code?: number): never => {
    last({ kind: "exit", how: `Deno.exit(${code ?? ""})` });
    return exit(code);
  };
  scope.postMessage = () => {
    throw new TypeError(
      "Cannot post a message: this worker belongs to a pool: return the value, or pass the task a port",
    );
  };

  const start = async (message: WorkerStartMessage) => {
    holdForLife(message.lifeLock);
    nameThread(message.name);
    setMainModule(message.mainModule);
    const resolver = new Resolver(message.modules, loaders);
    server = new CallServer(message, resolver, (message, transfer) => {
      post(message, transfer);
      if (message.kind === "answers") loadMore();
    });
    if (message.concurrency > 1) await loadTaskContext();
    if (message.modules.length > 0) await resolver.preload();
    if (message.initializer !== null) {
      try {
        const { call, args } = message.initializer;
        const { fn } = await resolver.resolve(call);
        const task = new RunningTask(call.name, { stopRequested: () => false }, 0);
        await task.run(fn, ...decode(args) as unknown[]);
      } catch (error) {
        const wire = withoutOwnFrames(encodeError(error));
        last({ kind: "failed", stage: "initializer", error: wire });
        close();
        return;
      }
    }
    ready = true;
    post({ kind: "ready", timeOrigin: performance.timeOrigin }, []);
    if (message.first !== null) server.receive(message.first);
    for (const message of early) server.receive(message);
  };

  scope.addEventListener("message", (event) => {
    // The channel is Herd's alone: user code that listens would mistake its messages for its own.
    event.stopImmediatePropagation();
    const message = (event as MessageEvent<ToWorker>).data;
    if (message.kind === "start") start(message as WorkerStartMessage);
    else if (ready) server!.receive(message);
    else early.push(message);
  });
}

if (import.meta.main) serveParent({});
