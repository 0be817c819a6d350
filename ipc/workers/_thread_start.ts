/**
 * The first message to a worker thread.
 */

import type { RealmPass } from "../../sync/_realm_pass.ts";
import type { WorkerSetup } from "./_channel.ts";
import { encode, type Exporter } from "../values/_codec.ts";
import { mainModule } from "../values/_main_module.ts";
import type { StartMessage } from "./_protocol.ts";
import { sharedRecord } from "../processes/_this_process.ts";

/** See the head of the file. */
export interface ThreadStartMessage extends StartMessage {
  /** The Web Lock that it holds for life. */
  lifeLock: string;
}

/** What a thread has in common with its parent. */
export interface ThreadMemory {
  readonly claims: SharedArrayBuffer;
  readonly realm: RealmPass;
  /** The Web Lock that it holds for life. */
  readonly lifeLock: string;
}

/**
 * The first message to a thread.
 *
 * @param transfer Gets what is to be transferred with it.
 * @param exporter For objects that do not go as memory.
 * @throws When the initializer's arguments can't be sent.
 */
export function startMessage(
  setup: WorkerSetup,
  { claims, realm, lifeLock }: ThreadMemory,
  transfer: Transferable[],
  exporter: Exporter,
): ThreadStartMessage {
  const { name, modules, slots, concurrency, initializer, lineage } = setup;
  return {
    kind: "start",
    lifeLock,
    name,
    process: sharedRecord(),
    mainModule: mainModule(),
    modules,
    realm,
    claims,
    slots,
    concurrency,
    lineage,
    initializer: initializer &&
      { call: initializer.call, args: encode(initializer.args, transfer, exporter) },
  };
}
