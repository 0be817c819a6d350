/**
 * A Web Worker's way to its parent: messages, and for small tasks cards and a hatch.
 */

import { Cards } from "./_cards.ts";
import type { Lookout } from "./_lookout.ts";
import type { ObjectLink } from "../objects/_object_port.ts";
import type { AnswersMessage, CardMessage, FromWorker, RunMessage, ToWorker } from "./_protocol.ts";
import type { ParentLink } from "./_serve_parent.ts";
import type { ObjectSupport } from "../objects/_shared_objects.ts";

/** Posts a message to the parent. */
type PostMessage = (message: FromWorker | CardMessage, transfer?: Transferable[]) => void;

/** Whose tasks come by the link. */
interface Service {
  readonly isIdle: boolean;
  receive(message: RunMessage): void;
}

/** See the head of the file. */
export class WorkerLink implements ParentLink {
  readonly #postMessage: PostMessage;
  readonly end: () => void;
  readonly loadObjects: () => Promise<ObjectSupport>;
  readonly departure = null;
  readonly objectLink: ObjectLink = {
    sharesMemory: true,
    post: (message) => this.post(message, []),
  };
  #service: Service | undefined = undefined;
  #cards: Cards | undefined = undefined;
  #hatch: SharedArrayBuffer | undefined = undefined;
  #lookout: Lookout | undefined = undefined;
  /** Messages read, the start included. */
  #read = 0;
  #hasAnswered = false;

  /**
   * @param end Ends the worker.
   * @param loadObjects Loads what shared objects need.
   */
  constructor(
    postMessage: PostMessage,
    end: () => void,
    loadObjects: () => Promise<ObjectSupport>,
  ) {
    this.#postMessage = postMessage;
    this.end = end;
    this.loadObjects = loadObjects;
  }

  /** The worker has got the parent's first message. */
  open(cards: SharedArrayBuffer, hatch: SharedArrayBuffer, service: Service): void {
    this.#service = service;
    this.#cards = new Cards(cards);
    this.#hatch = hatch;
  }

  /** What the parent has posted. */
  read(data: ToWorker | CardMessage): ToWorker {
    this.#read++;
    this.#lookout?.heard(this.#read, typeof data === "number");
    return typeof data === "number" ? this.#cards!.readTask(data) : data;
  }

  post(message: FromWorker, transfer: Transferable[]): void {
    const slot = message.kind === "answers" ? this.#answer(message) : undefined;
    // A list, even an empty one, makes Deno load what can be transferred: that takes a millisecond.
    if (slot !== undefined) this.#postMessage(slot);
    else if (transfer.length > 0) this.#postMessage(message, transfer);
    else this.#postMessage(message);
    if (message.kind === "answers" && !this.#hasAnswered) this.#firstAnswered();
  }

  postLast(message: FromWorker): void {
    this.#postMessage(message);
  }

  /** The slot on whose card the answer stands, when it can. */
  #answer(message: AnswersMessage): number | undefined {
    // Before the answer leaves: the parent may have the next task at once.
    if (this.#service!.isIdle) this.#lookout?.answering(endOf(message));
    return this.#cards!.writeAnswer(message);
  }

  /** What is of use to later tasks is loaded now, since the first answer would come later for it. */
  #firstAnswered(): void {
    this.#hasAnswered = true;
    // A first timer takes milliseconds, in which the next task would wait.
    setImmediate(() => this.#loadLookout());
  }

  async #loadLookout(): Promise<void> {
    const { Lookout } = await import("./_lookout.ts");
    const take = (slot: number) => this.#service!.receive(this.#cards!.readTask(slot));
    this.#lookout = new Lookout(this.#hatch!, take);
  }
}

/** When the last task of a message ended, by this worker's clock. */
function endOf({ heads }: AnswersMessage): number {
  return (heads.at(-2)! + heads.at(-1)!) / 1000;
}
