/** How the demo puts things. */

/** Control characters, line ends, halves of characters, and what changes the direction of text. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu;

/** A text, such as a file's name, that leaves the terminal and the table in order. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}

/** For example `12.3 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const unit = bytes < 999_950 ? "kB" : bytes < 999_950_000 ? "MB" : "GB";
  return `${(bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit]).toFixed(1)} ${unit}`;
}

/** For example `12,345`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en");
}

/** Why a file or folder cannot be read, in a few words. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "not found";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotADirectory) return "not a folder";
  return printable(error instanceof Error ? error.message : String(error));
}

/** The same for a file that was there when the folder was listed. */
export function reasonOfFile(error: unknown): string {
  const reason = reasonOf(error);
  return error instanceof Deno.errors.NotFound
    ? `${reason}: it vanished meanwhile`
    : `unreadable: ${reason}`;
}
