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

/** Watches over one worker while it is busy. */
export class LifeWatch {
  static readonly #watched = new Set<LifeWatch>();
  static #timer: ReturnType<typeof setInterval> | undefined = undefined;

  readonly #name: string;
  readonly #onDeath: () => void;
  #heard = true;
  #waiting: AbortController | undefined = undefined;

  constructor(name: string, onDeath: () => void) {
    this.#name = name;
    this.#onDeath = onDeath;
  }

  /** The worker is expected to send something. */
  watch(): void {
    this.#heard = true;
    LifeWatch.#watched.add(this);
    LifeWatch.#timer ??= setInterval(() => {
      for (const watch of LifeWatch.#watched) watch.#tick();
    }, SILENCE);
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
    LifeWatch.#watched.delete(this);
    if (LifeWatch.#watched.size > 0) return;
    clearInterval(LifeWatch.#timer);
    LifeWatch.#timer = undefined;
  }

  async #tick(): Promise<void> {
    if (this.#heard) {
      this.#heard = false;
      return;
    }
    if (this.#waiting !== undefined) return;
    const waiting = this.#waiting = new AbortController();
    if (await holderGone(this.#name, waiting.signal) && this.#waiting === waiting) {
      this.unwatch();
      this.#onDeath();
    }
  }
}
