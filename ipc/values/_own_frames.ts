/**
 * Keeps Herd's own frames out of the stacks that users see.
 */

import type { WireError } from "./_error_codec.ts";

const OWN = [
  "./_resolve_callable.ts",
  "../workers/_serve_calls.ts",
  "../workers/_run_rows.ts",
  "../workers/_task_context.ts",
  "../processes/_carry_out.ts",
  "../current_task.ts",
  "../target_entry.ts",
  "../thread_entry.ts",
].map((file) => new URL(file, import.meta.url).href);

/** A task's context is entered through AsyncLocalStorage, which calls on our behalf. */
const CONTEXT_FRAME = "AsyncLocalStorage.run ";

/** Frames between Herd and a target, in a process or thread of its own. */
const CALLS = [
  CONTEXT_FRAME,
  `Process.run (${new URL("../process.ts", import.meta.url).href}`,
  `Thread.run (${new URL("../thread.ts", import.meta.url).href}`,
  new URL("../processes/_own_work.ts", import.meta.url).href,
];

/** Cuts the stacks of `error` off where Herd called the task's function, in place. */
export function withoutOwnFrames(error: WireError): WireError {
  if (error.kind === "error") {
    for (const record of error.records) {
      if (record.stack !== undefined) record.stack = cut(record.stack);
    }
  }
  return error;
}

function cut(stack: string): string {
  if (!OWN.some((url) => stack.includes(url))) return stack;
  const lines = stack.split("\n");
  let end = lines.findIndex(isOwn);
  if (end < 0) return stack;
  if (lines[end - 1]?.includes(CONTEXT_FRAME)) end--;
  return lines.slice(0, end).join("\n");
}

/** Takes Herd's frames out of the stacks of an error and of those that it has in it, in place. */
export function hideOwnFrames(error: unknown, seen = new Set<unknown>()): void {
  if (!(error instanceof Error) || seen.has(error)) return;
  seen.add(error);
  const lines = String(error.stack).split("\n");
  error.stack = lines.filter((line) => !isOwn(line) && !CALLS.some((it) => line.includes(it)))
    .join("\n");
  hideOwnFrames(error.cause, seen);
  if (error instanceof AggregateError) {
    for (const item of error.errors) {
      hideOwnFrames(item, seen);
    }
  }
}

/** Whether a line of a stack is a frame of Herd's. */
function isOwn(line: string): boolean {
  return /^\s+at /.test(line) && OWN.some((url) => line.includes(url));
}
