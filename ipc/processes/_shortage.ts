/**
 * Whether a start failed for want of what the system may have again in a moment: places in its tables,
 * or memory. Deno names such errors by their code.
 */

/** No more open files in this process or in the system, no more processes, no memory. */
const SHORTAGES: readonly unknown[] = ["EMFILE", "ENFILE", "EAGAIN", "ENOMEM"];

/** See the head of the file. */
export function isShortage(error: unknown): error is Error {
  return error instanceof Error && "code" in error && SHORTAGES.includes(error.code);
}
