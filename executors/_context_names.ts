/**
 * The names of Python's `multiprocessing` that are the same however processes are started.
 *
 * @module
 */

export {
  active_children,
  AuthenticationError,
  BufferTooShort,
  cpu_count,
  current_process,
  JoinableQueue,
  parent_process,
  Pipe,
  ProcessError,
  Queue,
  SimpleQueue,
} from "../ipc/mod.ts";
export {
  Array,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RawArray,
  RawValue,
  RLock,
  Semaphore,
  TimeoutError,
  Value,
} from "../sync/mod.ts";
