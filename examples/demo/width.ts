/** How wide text is on a terminal. */

import stringWidth from "npm:string-width@^8.2.0";

/** Columns that a text takes on a terminal; letters of East Asia take two. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** Columns of the terminal; without one, no limit. */
export function windowWidth(): number {
  return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : Infinity;
}

/** The beginning of a text, at most `width` columns of it. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  for (const letter of text) {
    if (widthOf(kept + letter) >= width) break;
    kept += letter;
  }
  return `${kept}…`;
}
