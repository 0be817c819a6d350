/**
 * Children that shall not outlive the program.
 *
 * An uncaught error takes a program's children down with it, `Deno.exit()` does not: they would run on
 * with nobody to reap them. The `unload` event comes with the latter. A program that is itself killed by
 * a signal gets no event, and its children live on.
 */

const children = new Set<Deno.ChildProcess>();
let isListening = false;

/** Has a child killed when the program calls `Deno.exit()`; returns what takes that back. */
export function killAtExit(child: Deno.ChildProcess): () => void {
  if (!isListening) addEventListener("unload", killAll);
  isListening = true;
  children.add(child);
  return () => children.delete(child);
}

/** There is no time left in which a child could be asked first. */
function killAll(): void {
  for (const child of children) kill(child, "SIGKILL");
}

/** Sends a signal to a child that may be gone, or may not be ours to signal any more. */
export function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended in this very moment, or runs as another user.
  }
}
