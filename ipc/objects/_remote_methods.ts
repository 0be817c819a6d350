/**
 * What can be asked of a shared object from another process: by class and method, and no other way.
 */

/**
 * How a method is called: one that may wait takes a limit, which a signal may end, as its argument of that
 * number.
 */
export type RemoteMethod = "call" | number;

const LOCK = { acquire: 0, release: "call", locked: "call" } as const;
const SEMAPHORE = { ...LOCK, get_value: "call" } as const;
const QUEUE = {
  put: 1,
  get: 0,
  qsize: "call",
  empty: "call",
  full: "call",
  shutdown: "call",
} as const;

const METHODS: Readonly<Record<string, Readonly<Record<string, RemoteMethod>>>> = {
  Lock: LOCK,
  RLock: LOCK,
  Semaphore: SEMAPHORE,
  BoundedSemaphore: SEMAPHORE,
  Condition: { ...LOCK, wait: 0, notify: "call", notify_all: "call" },
  Event: { wait: 0, set: "call", clear: "call", is_set: "call" },
  ReadableStream: { read: "call", cancel: "call" },
  WritableStream: { write: "call", close: "call", abort: "call" },
  Conn: { read: "call", write: "call", closeWrite: "call", close: "call" },
  Connection: {
    send: "call",
    sendValue: "call",
    receive: 1,
    receiveValue: 0,
    poll: 0,
    close: "call",
  },
  manager: {
    create: "call",
    dummy: "call",
    number_of_objects: "call",
    shutdown: "call",
  },
  desk: { lodge: "call", fetch: "call", taken: "call" },
  Queue: QUEUE,
  SimpleQueue: { put: "call", get: "call", empty: "call" },
  JoinableQueue: { ...QUEUE, task_done: "call", join: 0 },
  Barrier: { wait: 0, reset: "call", abort: "call" },
};

/**
 * In place of `get`: asks for an item and some of those after it (`_queue_leases.ts`), with the limit at the
 * same place. It is no method of the object itself.
 */
export const GET_SEVERAL = "getSeveral";
const GET_LIMIT = 0;

/** Whether a class has that. */
export function getsSeveral(kind: string): boolean {
  return kind === "Queue" || kind === "JoinableQueue" || kind === "SimpleQueue";
}

/** Methods that are made of others, so that they work as they are. */
export const LOCAL_METHODS: readonly PropertyKey[] = [
  "constructor",
  "hold",
  "wait_for",
  "put_nowait",
  "get_nowait",
  "close",
  "join_thread",
  "cancel_join_thread",
  Symbol.asyncIterator,
  Symbol.dispose,
];

/** The methods of a class; none of one that is not known. */
export function remoteMethods(kind: string): Readonly<Record<string, RemoteMethod>> {
  return Object.hasOwn(METHODS, kind) ? METHODS[kind]! : {};
}

/** How a method of a class is called; `undefined` when it can't be. */
export function remoteMethod(kind: string, method: string): RemoteMethod | undefined {
  if (method === GET_SEVERAL && getsSeveral(kind)) return GET_LIMIT;
  const methods = remoteMethods(kind);
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}
