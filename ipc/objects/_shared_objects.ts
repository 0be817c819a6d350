/**
 * What a worker needs for shared objects that it is sent: loaded with the first of them.
 *
 * Deno reads whatever the modules of a worker spell out in an import when the worker starts, however late
 * it is imported: a few dozen modules here, milliseconds. So who may import by URL does that: a Web Worker
 * that may do what its parent may, which could not start if it could not read all of Herd's modules, and a
 * process that may read everything. For others it is spelled out.
 */

import { functionsOf } from "../values/_codec.ts";
import type { ObjectLink, ObjectPort } from "./_object_port.ts";
import type { Loaders } from "../values/_resolve_callable.ts";

/** The module to load. */
export const OBJECT_SUPPORT: string = import.meta.resolve("./_object_support.ts");

/** What it exports. */
export type ObjectSupport = typeof import("./_object_support.ts");

/**
 * Imports it: as it was spelled out for this realm, or by its URL.
 *
 * @param loaders Imports of modules that the realm may lack permission to import by URL.
 */
export function objectLoader(loaders: Loaders): () => Promise<ObjectSupport> {
  const load = loaders[OBJECT_SUPPORT] ?? (() => import(OBJECT_SUPPORT));
  return load as () => Promise<ObjectSupport>;
}

let makePort: ((link: ObjectLink) => ObjectPort) | undefined;

/** Says how ports are made; for their module, which a worker loads when it needs it. */
export function providePorts(make: (link: ObjectLink) => ObjectPort): void {
  makePort = make;
}

/** See the head of the file. */
export class SharedObjects {
  readonly #link: ObjectLink;
  readonly #loadSupport: () => Promise<ObjectSupport>;
  #port: ObjectPort | undefined = undefined;
  #loading: Promise<void> | undefined = undefined;

  /** @param loadSupport Imports {@linkcode OBJECT_SUPPORT}. */
  constructor(link: ObjectLink, loadSupport: () => Promise<ObjectSupport>) {
    this.#link = link;
    this.#loadSupport = loadSupport;
  }

  /**
   * How objects are sent and received that live elsewhere; `undefined` while this realm can't have any: it
   * has neither received one nor has workers of its own.
   */
  get port(): ObjectPort | undefined {
    return this.#port ??= makePort?.(this.#link);
  }

  /** Sends what comes before anything else. */
  flush(): void {
    this.#port?.flush();
  }

  /** Whether streams can't be sent before more is loaded: where memory is shared, they go without. */
  get isMissing(): boolean {
    return !this.#link.sharesMemory && this.port === undefined;
  }

  #support: ObjectSupport | undefined = undefined;

  /** Whether the objects of an encoded value can be received at once. */
  isReadyFor(wire: unknown): boolean {
    const { isFound } = this.#support ?? {};
    return isFound !== undefined && functionsOf(wire).every(isFound);
  }

  /** Gets ready to receive the objects of an encoded value. */
  async prepareFor(wire: unknown): Promise<void> {
    await this.load();
    await Promise.all(functionsOf(wire).map(this.#support!.findFunction));
  }

  /** Gets ready to receive objects. */
  load(): Promise<void> {
    return this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    this.#support = await this.#loadSupport();
  }
}
