/** The work itself: the function that runs serially and on the workers. */

import { createHash } from "node:crypto";
import { reasonOfFile } from "./text.ts";
import { type WordCount, WordCounter } from "./word_counter.ts";

/** What is known of a file after its analysis. */
export type Outcome = TextFacts | { kind: "skipped"; reason: string };

/** What is found out about a text file. */
export interface TextFacts {
  kind: "text";
  bytes: number;
  sha256: string;
  /** A last line without a line end counts. */
  lines: number;
  /** The most frequent first. */
  words: WordCount[];
}

const NEWLINE = 10;
const WORDS_SHOWN = 5;
/** A file is read in parts of this size, so that its own size does not matter. */
const buffer = new Uint8Array(256 * 1024);

/** Analyses a file. Never throws: a file that cannot be read is an outcome too. */
export function analyseFile(path: string): Outcome {
  try {
    using file = Deno.openSync(path);
    return analyse(file);
  } catch (error) {
    return skipped(reasonOfFile(error));
  }
}

function analyse(file: Deno.FsFile): Outcome {
  const hash = createHash("sha256");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const words = new WordCounter();
  let bytes = 0;
  let lines = 0;
  let last = NEWLINE;
  for (let size = file.readSync(buffer); size !== null; size = file.readSync(buffer)) {
    const part = buffer.subarray(0, size);
    if (part.includes(0)) return skipped("binary: it has NUL bytes");
    const text = decode(decoder, part);
    if (text === undefined) return NO_UTF8;
    hash.update(part);
    words.add(text);
    bytes += size;
    lines += newlinesIn(part);
    last = part[size - 1] ?? last;
  }
  if (decode(decoder) === undefined) return NO_UTF8;
  words.end();
  if (last !== NEWLINE) lines++;
  return { kind: "text", bytes, sha256: hash.digest("hex"), lines, words: words.top(WORDS_SHOWN) };
}

function skipped(reason: string): Outcome {
  return { kind: "skipped", reason };
}

const NO_UTF8 = skipped("binary: it is no valid UTF-8");

/** The text of one part, or of what is left when there is none; `undefined` when it is no text. */
function decode(decoder: TextDecoder, part?: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    return part === undefined ? decoder.decode() : decoder.decode(part, { stream: true });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function newlinesIn(part: Uint8Array): number {
  let count = 0;
  for (let at = part.indexOf(NEWLINE); at >= 0; at = part.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
