/** Ends of connections that are used from here and live in a worker. */

import { connection, type PoolExecutor, task } from "../../mod.ts";
import type { Connection } from "../../mod.ts";
import * as tasks from "../ipc/pipe_tasks.ts";

const TASKS = import.meta.resolve("../ipc/pipe_tasks.ts");
const ADOPT = task(TASKS, tasks.adopt);
const ACT = task(TASKS, tasks.act);
const WAIT = task(TASKS, tasks.waitHere);

let last = 0;

/** An end in the worker of an executor; has the methods of a connection that give promises. */
export class FarEnd {
  readonly executor: PoolExecutor;
  readonly id = ++last;
  closed = false;
  readable: boolean;
  writable: boolean;

  private constructor(executor: PoolExecutor, { readable, writable }: tasks.State) {
    this.executor = executor;
    this.readable = readable;
    this.writable = writable;
  }

  /** Has the only worker of `executor` use the end, which is closed here. */
  static async of(executor: PoolExecutor, end: Connection): Promise<Connection> {
    const far = new FarEnd(executor, end);
    await executor.submit(ADOPT, far.id, end);
    end.close();
    return far as unknown as Connection;
  }

  async #act(method: string, ...args: unknown[]): Promise<unknown> {
    const { value, error, state } = await this.executor.submit(ACT, this.id, method, args);
    this.closed ||= state.closed;
    this.readable = state.readable;
    this.writable = state.writable;
    if (error !== undefined) throw error;
    return value;
  }

  send(value: unknown): Promise<unknown> {
    return this.#act("send", value);
  }

  recv(): Promise<unknown> {
    return this.#act("recv");
  }

  send_bytes(...args: unknown[]): Promise<unknown> {
    return this.#act("send_bytes", ...args);
  }

  recv_bytes(...args: unknown[]): Promise<unknown> {
    return this.#act("recv_bytes", ...args);
  }

  async recv_bytes_into(
    buffer: ArrayBufferView | ArrayBuffer,
    ...args: unknown[]
  ): Promise<number> {
    // What is no buffer is refused there; one that is shared does not leave its process.
    const there = ArrayBuffer.isView(buffer) || buffer instanceof ArrayBuffer
      ? bytesOf(buffer).slice()
      : buffer;
    const [count, filled] = await this.#act("recv_bytes_into", there, ...args) as [
      number,
      Uint8Array,
    ];
    bytesOf(buffer).set(filled);
    return count;
  }

  poll(...args: unknown[]): Promise<unknown> {
    return this.#act("poll", ...args);
  }

  close(): void {
    this.closed = true;
    this.#act("close").catch(() => {});
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    await this.#act("close");
  }
}

function bytesOf(view: ArrayBufferView | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(view)
    ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    : new Uint8Array(view);
}

/** `connection.wait`, also for ends that are elsewhere; place by place, so all of one where there is no limit. */
export async function farWait<T>(objects: Iterable<T>, timeout?: number): Promise<T[]> {
  const all = [...objects];
  const far = all.filter((object) => object instanceof FarEnd);
  const near = all.filter((object) => !(object instanceof FarEnd));
  const ready: unknown[] = [];
  if (near.length > 0 || far.length === 0) {
    ready.push(...await connection.wait(near as never[], timeout));
  }
  for (const [executor, ends] of Map.groupBy(far, ({ executor }) => executor)) {
    const indexes = await executor.submit(WAIT, ends.map(({ id }) => id), timeout);
    ready.push(...indexes.map((i) => ends[i]!));
  }
  return ready as T[];
}
