/**
 * The first message to a worker thread. Where it can, it waits a moment for the first tasks, to travel
 * with them: a message less before the first answer.
 */

import type { WorkerSetup } from "./_channel.ts";
import { encode } from "./_codec.ts";
import { mainModule } from "./_main_module.ts";
import type { RunMessage, StartMessage, ToWorker } from "./_protocol.ts";

/** See the head of the file. */
export interface ThreadStartMessage extends StartMessage {
  /** The Web Lock that it holds for life. */
  lifeLock: string;
  /** Tasks that were there at the start. */
  first: RunMessage | null;
}

/** Posts to the thread; throws what structured clone throws. */
type PostToThread = (message: ToWorker, transfer: Transferable[]) => void;

/** Sees to it that a thread gets its start before anything else. */
export class ThreadStart {
  readonly #post: PostToThread;
  #message: ThreadStartMessage | undefined;

  /** Throws when the initializer's arguments can't be sent. */
  constructor(
    setup: WorkerSetup,
    claims: SharedArrayBuffer,
    lifeLock: string,
    post: PostToThread,
  ) {
    this.#post = post;
    const { initializer } = setup;
    const transfer: Transferable[] = [];
    const message: ThreadStartMessage = {
      kind: "start",
      lifeLock,
      name: setup.name,
      mainModule: mainModule(),
      modules: setup.modules,
      claims,
      slots: setup.slots,
      concurrency: setup.concurrency,
      initializer: initializer &&
        { call: initializer.call, args: encode(initializer.args, transfer) },
      first: null,
    };
    if (initializer === null) {
      this.#message = message;
      queueMicrotask(() => this.#send());
    } else post(message, transfer);
  }

  /** Posts after the start, or with it. */
  post(message: ToWorker, transfer: Transferable[]): void {
    const start = this.#message;
    if (start !== undefined && message.kind === "run") {
      // Not a second time when a getter in the message has something posted.
      this.#message = undefined;
      try {
        this.#post({ ...start, first: message } as ToWorker, transfer);
      } catch (error) {
        this.#message = start;
        throw error;
      }
      return;
    }
    this.#send();
    this.#post(message, transfer);
  }

  /** The thread is not wanted any more: what has not been sent is not. */
  drop(): void {
    this.#message = undefined;
  }

  #send(): void {
    const start = this.#message;
    if (start === undefined) return;
    this.#message = undefined;
    this.#post(start, []);
  }
}
