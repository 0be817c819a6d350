/**
 * The names of Python's `multiprocessing` over threads, as its `multiprocessing.dummy`: a program that is
 * written for processes runs over threads when it takes its names from here.
 *
 * - A `Process` is a {@linkcode Thread} with an exit code; the current process is the current thread.
 * - A `Queue` is a `JoinableQueue`, as in CPython, and a `Pool` a `ThreadPool`.
 * - A `Manager` keeps its objects in a thread: threads share no variables here, so objects of the program's own, as
 *   CPython's has, would be others in each.
 *
 * @module
 */

export { active_children, DummyProcess as Process } from "../ipc/processes/_dummy_process.ts";
export { Manager } from "./_dummy_manager.ts";
export {
  current_thread as current_process,
  JoinableQueue,
  JoinableQueue as Queue,
  Pipe,
} from "../ipc/mod.ts";
export { ThreadPool as Pool } from "./pool.ts";
export {
  Array,
  Barrier,
  BoundedSemaphore,
  Condition,
  Event,
  Lock,
  RLock,
  Semaphore,
  Value,
} from "../sync/mod.ts";
