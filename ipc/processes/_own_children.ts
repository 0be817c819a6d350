/**
 * The processes and threads that this realm has started, at the realm's end: it waits for them, but for
 * daemons, which end with it.
 */

import { activeLives } from "./_active_processes.ts";
import { activeThreadLives } from "./_active_threads.ts";

/** Resolves when no child is left but daemons, and tells those to end. */
export async function childrenEnded(): Promise<void> {
  for (;;) {
    const lives = [...activeLives(), ...activeThreadLives()];
    const awaited = lives.filter(({ isDaemon }) => !isDaemon);
    if (awaited.length === 0) {
      for (const life of lives) life.signal("SIGTERM");
      return;
    }
    // While these end, others may start.
    await Promise.all(awaited.map((life) => life.wait()));
  }
}
