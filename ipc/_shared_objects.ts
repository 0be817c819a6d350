/**
 * What a worker needs for shared objects that it is sent: loaded with the first of them.
 */

import type { ObjectLink, ObjectPort } from "./_object_port.ts";

/** See the head of the file. */
export class SharedObjects {
  readonly #link: ObjectLink;
  #port: ObjectPort | undefined;
  #loading: Promise<void> | undefined = undefined;

  /** @param port Where the way has one from the start, since nothing is shared without. */
  constructor(link: ObjectLink, port?: ObjectPort) {
    this.#link = link;
    this.#port = port;
  }

  /** How objects are sent and received that live elsewhere; `undefined` before the first was received. */
  get port(): ObjectPort | undefined {
    return this.#port;
  }

  #isLoaded = false;

  /** Whether objects can be received. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Gets ready to receive objects. */
  load(): Promise<void> {
    return this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    const [{ ObjectPort }] = await Promise.all([
      import("./_object_port.ts"),
      import("./_shared_classes.ts"),
    ]);
    this.#port ??= new ObjectPort(this.#link);
    this.#isLoaded = true;
  }
}
