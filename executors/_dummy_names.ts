/**
 * The names of Python's `multiprocessing` over threads, as its `multiprocessing.dummy`: a program that is
 * written for processes runs over threads when it takes its names from here.
 *
 * A `Queue` is a `JoinableQueue`, as in CPython. There is no `mp_context` of threads, no `terminate` and no
 * `kill`.
 *
 * @module
 */

export { active_children, DummyProcess as Process } from "../ipc/_dummy_process.ts";
export {
  current_thread as current_process,
  JoinableQueue,
  JoinableQueue as Queue,
} from "../ipc/mod.ts";
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
