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
}

const { locks } = navigator as unknown as { locks: Locks };

/** Milliseconds after which a busy worker counts as silent. Smaller wakes the parent more often. */
const SILENCE = 50;

/** A name for a new worker's lock. */
export function newLockName(): string {
  return `herd-worker-${crypto.randomUUID()}`;
}

/** In the worker: holds the lock until the worker is gone. */
export function holdForLife(name: string): void {
  locks.request(name, () => new Promise(() => {}));
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

/** The workers that are being watched, looked at together. */
const watched = new Set<LifeWatch>();
/** How many watches are not disposed; the timer goes with the last. */
let watches = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** Arming a timer costs microseconds, so it is left running for a while when nobody is watched. */
function lookAround(): void {
  if (watched.size === 0) stopLooking();
  for (const watch of watched) watch.look();
}

function stopLooking(): void {
  clearInterval(timer);
  timer = undefined;
}

/** Watches over one worker while it is busy. */
export class LifeWatch implements Disposable {
  readonly #name: string;
  readonly #onDeath: () => void;
  #heard = true;
  #waiting: AbortController | undefined = undefined;
  #disposed = false;

  constructor(name: string, onDeath: () => void) {
    this.#name = name;
    this.#onDeath = onDeath;
    watches++;
  }

  /** The worker is expected to send something. */
  watch(): void {
    if (this.#disposed) return;
    this.#heard = true;
    watched.add(this);
    if (timer !== undefined) return;
    timer = setInterval(lookAround, SILENCE);
    timer.unref();
  }

  /** The worker sent something. */
  heard(): void {
    this.#heard = true;
    this.#waiting?.abort();
    this.#waiting = undefined;
  }

  /** Nothing more is expected. */
  unwatch(): void {
    this.heard();
    watched.delete(this);
  }

  /** The worker is gone. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.unwatch();
    if (--watches === 0) stopLooking();
  }

  /** Waits for the worker's lock when the worker has been silent since the last look. */
  async look(): Promise<void> {
    if (this.#heard) {
      this.#heard = false;
      return;
    }
    if (this.#waiting !== undefined) return;
    const waiting = this.#waiting = new AbortController();
    if (await holderGone(this.#name, waiting.signal) && this.#waiting === waiting) this.#onDeath();
  }
}
