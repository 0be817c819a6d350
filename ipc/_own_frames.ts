/**
 * Keeps Herd's own frames out of the stacks that users see.
 */

import type { WireError } from "./_error_codec.ts";

const OWN = [
  "_serve_calls.ts",
  "_resolve_callable.ts",
  "_run_rows.ts",
  "current_task.ts",
  "_task_context.ts",
].map((
  file,
) => new URL(`./${file}`, import.meta.url).href);

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
  let end = lines.findIndex((line) => /^\s+at /.test(line) && OWN.some((u) => line.includes(u)));
  if (end < 0) return stack;
  // The task's context is entered through AsyncLocalStorage, which calls on our behalf.
  if (lines[end - 1]?.includes("AsyncLocalStorage.run ")) end--;
  return lines.slice(0, end).join("\n");
}
