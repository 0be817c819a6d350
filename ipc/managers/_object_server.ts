/**
 * The server of a manager: offers the making of objects to everybody who has the key, and their use to whoever
 * has got one.
 *
 * | who | is answered by | and when it goes |
 * | --- | --- | --- |
 * | a peer without the key | an end of the connection | costs nobody else anything |
 * | a client | an object port of its own (`_object_connection.ts`) | what it held is released, what it waited for is not waited for, what only it referred to is let go of |
 *
 * The objects have no table: each is kept by the ports of those who have proxies of it, and by other objects.
 */

import { Listener } from "../listener.ts";
import { type Address, showAddress } from "../connections/_address.ts";
import type { ManagerTypes } from "./_manager_types.ts";
import { ObjectConnection } from "../objects/_object_connection.ts";
import { ObjectNumbers } from "../objects/_object_numbers.ts";

/** See the head of the file. */
export class ObjectServer {
  readonly #types: ManagerTypes;
  readonly #listener: Listener;
  readonly #clients = new Set<ObjectConnection>();
  readonly #numbers = new ObjectNumbers();
  readonly #door: Door;
  readonly #stopping = Promise.withResolvers<void>();

  /** Listens from now on, and serves nobody yet. Throws what `Listener` throws. */
  constructor(types: ManagerTypes, address: Address | undefined, authkey: Uint8Array) {
    this.#types = types;
    this.#listener = new Listener({ address, authkey });
    this.#door = {
      create: (typeid, args) => this.#types.make(typeid, args),
      dummy: () => null,
      number_of_objects: () => this.#objects().size,
      shutdown: () => this.stop(),
    };
  }

  /** Where it listens. */
  get address(): Address {
    return this.#listener.address;
  }

  /** Serves whoever comes, until it is stopped. */
  async serve(): Promise<void> {
    this.#accept();
    await this.#stopping.promise;
    await this.#listener[Symbol.asyncDispose]();
    await Promise.all([...this.#clients].map((client) => client.close()));
  }

  /** Stops serving, once who has asked for it has the answer. */
  stop(): void {
    setTimeout(this.#stopping.resolve, 0);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      const client = new ObjectConnection(connection, {
        name: `a client of the manager at ${showAddress(this.address)}`,
        root: { object: this.#door, kind: "manager" },
        numbers: this.#numbers,
      });
      this.#clients.add(client);
      client.ended.then(() => this.#clients.delete(client));
    }
  }

  /** All that clients have proxies of. */
  #objects(): Set<object> {
    return new Set([...this.#clients].flatMap(({ port }) => port.exported()));
  }
}

/** What every client can call. */
interface Door {
  create(typeid: unknown, args: unknown): Promise<object>;
  dummy(): null;
  number_of_objects(): number;
  shutdown(): void;
}
