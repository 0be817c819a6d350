/** Finds the files of a folder. */

import { reasonOfFile } from "./text.ts";

/** A file, and where it is. */
export interface FoundFile {
  /** To open it with. */
  readonly path: string;
  /** Below the folder. */
  readonly name: string;
  /** In bytes, when it was found. */
  readonly size: number;
}

/** Something that is not analysed, and why. */
export interface Note {
  readonly name: string;
  readonly reason: string;
}

/** What a folder holds. */
export interface Listing {
  /** The biggest first: workers that end with small ones end at about the same time. */
  readonly files: readonly FoundFile[];
  readonly notes: readonly Note[];
}

const SKIPPED = new Set([".git", "node_modules"]);

/**
 * Lists a folder and all below it. Links are not followed, so there are no circles.
 *
 * @param onFound Told how many files there are so far.
 * @throws What reading `folder` itself throws; a folder below it that fails is a note.
 */
export function listFiles(folder: string, onFound: (count: number) => void): Listing {
  const files: FoundFile[] = [];
  const notes: Note[] = [];
  const open = [""];
  for (let below = open.pop(); below !== undefined; below = open.pop()) {
    try {
      for (const entry of Deno.readDirSync(join(folder, below))) {
        const name = join(below, entry.name);
        if (entry.isSymlink) continue;
        if (entry.isFile) addFile(folder, name, files, notes);
        else if (!entry.isDirectory) notes.push({ name, reason: "not a regular file" });
        else if (!SKIPPED.has(entry.name)) open.push(name);
        onFound(files.length);
      }
    } catch (error) {
      if (below === "") throw error;
      notes.push({ name: below, reason: reasonOfFile(error) });
    }
  }
  files.sort((a, b) => b.size - a.size || compareText(a.name, b.name));
  notes.sort((a, b) => compareText(a.name, b.name));
  return { files, notes };
}

function addFile(folder: string, name: string, files: FoundFile[], notes: Note[]): void {
  const path = join(folder, name);
  try {
    files.push({ path, name, size: Deno.lstatSync(path).size });
  } catch (error) {
    notes.push({ name, reason: reasonOfFile(error) });
  }
}

function join(folder: string, name: string): string {
  return folder === "" ? name : name === "" ? folder : `${folder.replace(/\/+$/, "")}/${name}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
