/**
 * What a scheduler needs of a worker, whatever kind it is.
 *
 * A channel is open from its making until it reports `closed`, once; nothing is reported after that.
 */

import type { Claims } from "../../sync/_claim.ts";
import type { Lineage } from "./_lineage.ts";
import type { ObjectPort } from "../objects/_object_port.ts";
import type { CallDescription } from "../callable.ts";
import type { AnswersMessage, ReadyMessage, StartedMessage } from "./_protocol.ts";
import type { PongMessage, ToWorker } from "./_protocol.ts";

/** One worker, seen from its parent. */
export interface Channel {
  /** Who may have which task. */
  readonly claims: Claims;
  /** How objects go to it and come from it whose memory does not. */
  readonly objects: ObjectPort;
  /** Sends; throws what structured clone throws, and has sent nothing then. */
  post(message: ToWorker, transfer: Transferable[]): void;
  /** Whether the worker keeps the program alive, and is looked after; not at first. */
  hold(busy: boolean): void;
  /** Ends an idle worker; resolves when it is gone. */
  close(): Promise<void>;
  /**
   * Gets rid of a worker that may never stop, by whatever means there are: it can't hold the program
   * any more. Resolves when nothing more can be done.
   */
  abandon(): Promise<void>;
  /** Ends the worker, whatever it does, if by SIGTERM then a little later; its death is reported. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

/** How a worker ended. */
export interface Death {
  /** Completes "the worker …", such as `called Deno.exit(3)`. */
  readonly how: string;
  /** What else is known, to be added to messages. */
  readonly note?: string;
  /** The error that ended it. */
  readonly cause?: unknown;
  /** It had not come up when the user interrupted the program, as by Ctrl-C: nothing is wrong with it. */
  readonly interrupted?: boolean;
  /** It did not say which of the tasks that it had it began, or even ended. */
  readonly unsure?: boolean;
}

/** What a channel reports. */
export interface ChannelEvents {
  message(message: ReadyMessage | AnswersMessage | StartedMessage | PongMessage): void;
  /** The initializer failed: no worker of this kind can be had. */
  initializerFailed(error: unknown): void;
  closed(death: Death): void;
}

/** What every worker of a pool is started with. */
export interface WorkerSetup {
  readonly name: string;
  readonly modules: readonly string[];
  readonly concurrency: number;
  /** How many tasks it may be sent before it answers. */
  readonly slots: number;
  readonly initializer: { call: CallDescription; args: readonly unknown[] } | null;
  /** Where it is. */
  readonly lineage: Lineage;
}

/** Starts a worker. */
export type Launch = (setup: WorkerSetup, events: ChannelEvents) => Channel;
