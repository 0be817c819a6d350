/**
 * Processes, connections, and sending functions and values to other realms.
 *
 * @example
 * ```ts
 * import { Process, Queue } from "@herd/concurrent/ipc";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new Queue<number>();
 * const process = new Process({
 *   target: (queue: Queue<number>) => queue.put(42),
 *   args: [queue],
 *   permissions: "none",
 * });
 * process.start();
 * assertEquals(await queue.get(), 42);
 * await process.join();
 * assertEquals(process.exitcode, 0);
 * ```
 *
 * @module
 */

export { type Callable, task, type TaskReference } from "./callable.ts";
export type { Address } from "./connections/_address.ts";
export type { DigestName } from "./connections/_auth.ts";
export type { ClientOptions } from "./client.ts";
export { type Bytes, Connection } from "./connection.ts";
export * as connection from "./connections/_connection_names.ts";
export { cpu_count } from "./cpu_count.ts";
export {
  active_children,
  current_process,
  parent_process,
  type ParentProcess,
} from "./current_process.ts";
export { current_task, type CurrentTask } from "./current_task.ts";
export { current_thread } from "./current_thread.ts";
export {
  AuthenticationError,
  BufferTooShort,
  type BufferTooShortOptions,
  EOFError,
  KeyError,
  OSError,
  ProcessError,
  RemoteError,
} from "./errors.ts";
export { local } from "./local.ts";
export type { AcceptOptions, ListenerOptions } from "./listener.ts";
export {
  BaseManager,
  type ManagerOptions,
  type ManagerStartOptions,
  type Server,
} from "./manager.ts";
export type { ManagerCallable, RegisterOptions } from "./managers/_manager_registry.ts";
export type {
  PermissionDenials,
  PermissionGrant,
  Permissions,
  PermissionSet,
} from "./permissions.ts";
export type {
  ArrayProxy,
  AsyncResultProxy,
  DictInit,
  DictProxy,
  ListInit,
  ListProxy,
  ManagedPoolOptions,
  NamespaceProxy,
  PoolFunction,
  PoolMapOptions,
  PoolProxy,
  SetProxy,
  SortOptions,
  ValueProxy,
} from "./proxies.ts";
export {
  type Arriving,
  BaseProxy,
  type Proxied,
  type ProxyClass,
  type ProxySource,
} from "./proxy.ts";
export type { ProcessOptions, Target } from "./processes/_process_options.ts";
export type { StartMethod, StartMethodSource } from "./processes/_start_method.ts";
export { Pipe, type PipeOptions } from "./pipe.ts";
export { Process, type Sentinel } from "./process.ts";
export { JoinableQueue, Queue, type QueueOptions, type QueueSyncOptions } from "./queue.ts";
export { Empty, Full, ShutDown } from "./queue_errors.ts";
export { SimpleQueue } from "./simple_queue.ts";
export { type ManagedBarrierOptions, Manager, SyncManager } from "./sync_manager.ts";
export { Thread } from "./thread.ts";
export type { ThreadOptions } from "./processes/_thread_options.ts";
export { transfer } from "./transfer.ts";
