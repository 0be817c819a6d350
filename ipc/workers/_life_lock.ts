/**
 * Seeing a thread's death that nothing announces.
 *
 * A worker holds a Web Lock for life; the parent that is granted the same lock knows that the worker is
 * gone. Waiting for a lock keeps the program alive and costs a few microseconds, so a parent waits only
 * while the worker has tasks and has been silent for a while. Lock names are shared by the process,
 * hence random.
 */

/** The part of the Web Locks API that Deno has and does not declare. */
interface Locks {
  request(name: string, held: () => Promise<void>): Promise<void>;
  request(name: string, options: { signal: AbortSignal }, held: () => void): Promise<void>;
  query(): Promise<{ held: readonly { name: string; clientId: string }[] }>;
}

const { locks } = navigator as unknown as { locks: Locks };

/** Milliseconds after which a busy worker counts as silent. Smaller wakes the parent more often. */
const SILENCE = 50;

/**
 * Quiet pauses, in milliseconds each, after which a worker that is gone has nothing more to say. Turns of
 * the event loop by `setImmediate` are too short: messages were seen to arrive after four of them.
 */
const LAST_PAUSES = [5, 5, 5, 5];

/** A name for a new worker's lock. */
export function newLockName(): string {
  return `herd-worker-${performance.timeOrigin}-${Math.random()}`;
}

/** In the worker: holds the lock until the worker is gone. */
export function holdForLife(name: string): void {
  locks.request(name, () => new Promise(() => {}));
}

/**
 * Whether Deno would stop the holder of the lock by force. It does so with threads for whose locks it has
 * a name ready when it starts them; other realms get a number with their first lock.
 */
export async function isStoppable(name: string): Promise<boolean> {
  const { held } = await locks.query();
  return held.some((lock) => lock.name === name && !/^\d+$/.test(lock.clientId));
}

/** Resolves to `true` when the holder is gone, to `false` when `signal` was aborted before. */
export async function holderGone(name: string, signal: AbortSignal): Promise<boolean> {
  try {
    await locks.request(name, { signal }, () => {});
    return true;
  } catch {
    return false;
  }
}

/** All watches that are not disposed; the timer goes with the last. */
const watches = new Set<LifeWatch>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Arming a timer costs microseconds, so it is left running for a while when nobody is watched. */
function lookAround(): void {
  let watching = false;
  for (const watch of watches) watching = watch.look() || watching;
  if (!watching) stopLooking();
}

function stopLooking(): void {
  clearInterval(timer);
  timer = undefined;
}

/** Watches over one worker while it is busy. */
export class LifeWatch implements Disposable {
  readonly #name: string;
  readonly #onDeath: () => void;
  #watching = false;
  #heard = true;
  #waiting: AbortController | undefined = undefined;

  constructor(name: string, onDeath: () => void) {
    this.#name = name;
    this.#onDeath = onDeath;
    watches.add(this);
  }

  /** The worker is expected to send something. */
  watch(): void {
    this.#watching = this.#heard = true;
    if (timer !== undefined || !watches.has(this)) return;
    timer = setInterval(lookAround, SILENCE);
    timer.unref();
  }

  /** The worker sent something. */
  heard(): void {
    this.#heard = true;
    if (this.#waiting === undefined) return;
    this.#waiting.abort();
    this.#waiting = undefined;
  }

  /** Nothing more is expected. */
  unwatch(): void {
    this.#watching = false;
    this.heard();
  }

  /** The worker is gone. */
  [Symbol.dispose](): void {
    this.unwatch();
    if (watches.delete(this) && watches.size === 0) stopLooking();
  }

  /**
   * Waits for the worker's lock when the worker has been silent since the last look.
   *
   * @returns Whether it is being watched at all.
   */
  look(): boolean {
    if (this.#watching && !this.#heard && this.#waiting === undefined) this.#waitForLock();
    this.#heard = false;
    return this.#watching;
  }

  async #waitForLock(): Promise<void> {
    const waiting = this.#waiting = new AbortController();
    if (!await holderGone(this.#name, waiting.signal)) return;
    // The lock may be granted before the worker's last messages have arrived.
    for (const ms of LAST_PAUSES) {
      // It may have been heard of since the lock was granted.
      if (this.#waiting !== waiting) return;
      await pause(ms, waiting.signal);
    }
    if (this.#waiting !== waiting) return;
    this.#onDeath();
  }
}

/** Resolves after `ms` milliseconds, or when `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
