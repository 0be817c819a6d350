/**
 * A file of trace events, in the JSON form that Chrome and Perfetto load.
 *
 * Events are gathered and written synchronously, some dozens of kilobytes at once, so that what a program has
 * written so far is there however it ends: the form allows the closing bracket to be missing.
 */

/** How many characters are gathered before they are written. */
const GATHERED = 1 << 16;

/** See the head of the file. */
export class EventFile {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();
  #text = "[\n";
  #separator = "";

  /** Creates the file, or empties it. Throws what Deno throws when it can't. */
  constructor(path: string | URL) {
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    // A program that forgets to shut its executor down still has the last events.
    globalThis.addEventListener("unload", this.#writeAtExit);
  }

  /** Adds one event, given as JSON. Throws when the file can't be written. */
  add(json: string): void {
    this.#text += this.#separator + json;
    this.#separator = ",\n";
    if (this.#text.length >= GATHERED) this.#write();
  }

  /** Writes what there is, and closes the file. Throws when it can't be written; it is closed then, too. */
  close(): void {
    globalThis.removeEventListener("unload", this.#writeAtExit);
    this.#text += "\n]\n";
    try {
      this.#write();
    } finally {
      this.#file.close();
    }
  }

  /** Lets go of the file as it is. */
  abandon(): void {
    globalThis.removeEventListener("unload", this.#writeAtExit);
    this.#file.close();
  }

  /** The end of the program has nothing to do with it. */
  readonly #writeAtExit = (): void => {
    try {
      this.#write();
    } catch (error) {
      console.error("Cannot finish the trace of an executor:", error);
    }
  };

  #write(): void {
    const bytes = this.#encoder.encode(this.#text);
    this.#text = "";
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }
}
