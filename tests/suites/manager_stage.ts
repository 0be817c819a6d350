/** Shared objects used by clients of a manager: the test serves them, processes of their own connect. */

import { type Address, ProcessPoolExecutor, task } from "../../mod.ts";
import { kindOf } from "../../sync/_shareable.ts";
import { performAsClient, type Thing, Things } from "./manager_client.ts";
import type { Actor, Backend, Stage } from "./sync_stages.ts";
import type { Step } from "./sync_tasks.ts";

/** Milliseconds after which a script hangs. */
const HANG = 30_000;

const PERFORM = task(import.meta.resolve("./manager_client.ts"), performAsClient);

/** The objects of the test, by the numbers under which clients ask for them. */
const objects: object[] = [];

function thingOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || kindOf(value) === undefined) return value;
  const known = objects.indexOf(value);
  return { thing: known >= 0 ? known : objects.push(value) - 1 } satisfies Thing;
}

class Client implements Actor {
  readonly name = "a client";
  readonly blocks = false;
  readonly isOneOwner = false;
  readonly executor = new ProcessPoolExecutor({ max_workers: 1, concurrency: 32 });
  readonly #address: Address;
  readonly #authkey: Uint8Array;

  constructor(address: Address, authkey: Uint8Array) {
    this.#address = address;
    this.#authkey = authkey;
  }

  does(...steps: Step[]): Promise<unknown[]> {
    const script = steps.map((step) => step.map(thingOf));
    return this.executor.options({ deadline: HANG })
      .submit(PERFORM, this.#address, this.#authkey, script);
  }
}

async function open(): Promise<Stage> {
  Things.register("thing", (n: number) => objects[n]);
  const things = new Things();
  const server = await things.get_server();
  const serving = server.serve_forever();
  const client = () => new Client(server.address, things.authkey);
  const actors: [Client, Client] = [client(), client()];
  await Promise.all(actors.map(({ executor }) => executor.ready()));
  return {
    actors,
    async [Symbol.asyncDispose]() {
      await Promise.all(actors.map(({ executor }) => executor.shutdown()));
      server.stop();
      await serving;
      objects.length = 0;
    },
  };
}

/** Clients of a manager. */
export const CLIENTS: Backend = { name: "clients of a manager", open };
