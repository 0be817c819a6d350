/**
 * What a worker needs for shared objects that it is sent: loaded with the first of them.
 */

import type { ObjectLink, ObjectPort } from "./_object_port.ts";

let makePort: ((link: ObjectLink) => ObjectPort) | undefined;

/** Says how ports are made; for their module, which a worker loads when it needs it. */
export function providePorts(make: (link: ObjectLink) => ObjectPort): void {
  makePort = make;
}

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

  /**
   * How objects are sent and received that live elsewhere; `undefined` while this realm can't have any: it
   * has neither received one nor has workers of its own.
   */
  get port(): ObjectPort | undefined {
    return this.#port ??= makePort?.(this.#link);
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
    await Promise.all([import("./_object_port.ts"), import("./_shared_classes.ts")]);
    this.#isLoaded = true;
  }
}
