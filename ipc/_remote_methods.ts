/**
 * What can be asked of a shared object from another process: by class and method, and no other way.
 */

/** How a method is called: one that may wait takes a limit last, which a signal may end. */
export type RemoteMethod = "call" | "wait";

const LOCK = { acquire: "wait", release: "call", locked: "call" } as const;
const SEMAPHORE = { ...LOCK, get_value: "call" } as const;

const METHODS: Readonly<Record<string, Readonly<Record<string, RemoteMethod>>>> = {
  Lock: LOCK,
  RLock: LOCK,
  Semaphore: SEMAPHORE,
  BoundedSemaphore: SEMAPHORE,
  Condition: { ...LOCK, wait: "wait", notify: "call", notify_all: "call" },
  Event: { wait: "wait", set: "call", clear: "call", is_set: "call" },
  Barrier: { wait: "wait", reset: "call", abort: "call" },
};

/** Methods that are made of others, so that they work as they are. */
export const LOCAL_METHODS: readonly PropertyKey[] = ["constructor", "hold", "wait_for"];

/** The methods of a class; none of one that is not known. */
export function remoteMethods(kind: string): Readonly<Record<string, RemoteMethod>> {
  return Object.hasOwn(METHODS, kind) ? METHODS[kind]! : {};
}

/** How a method of a class is called; `undefined` when it can't be. */
export function remoteMethod(kind: string, method: string): RemoteMethod | undefined {
  const methods = remoteMethods(kind);
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}
