/** Random uses of a queue by main and by realms that act here and die, against a plain list. */

import { assert, assertEquals } from "@std/assert";
import fc from "npm:fast-check@^4.10.0";
import { CancelledError, Empty, Full, Queue, ShutDown } from "../../mod.ts";
import { actAs } from "../../sync/_identity.ts";
import { endRealm, passForChild, thisRealm } from "../../sync/_realm.ts";
import { waitingFor } from "../support/queue_waiters.ts";

type Act =
  | { readonly kind: "put" | "get"; readonly who: number; readonly way: Way }
  | { readonly kind: "abort"; readonly which: number }
  | { readonly kind: "die"; readonly who: number }
  | { readonly kind: "turn" };
type Way = "wait" | "try" | "timed" | "abortable";

const WHO = fc.nat(3);
const ACT: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constantFrom("put" as const, "get" as const),
      who: WHO,
      way: fc.constantFrom<Way[]>("wait", "wait", "try", "timed", "abortable"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("abort" as const), which: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), who: WHO }) },
  { weight: 4, arbitrary: fc.constant({ kind: "turn" as const }) },
);

/** What may end an operation without an item. */
const ENDS = [CancelledError, Empty, Full, ShutDown];

/** Checks a property. Waits of realms that act here do not keep the program going, so this does. */
async function holds<T>(property: fc.IAsyncProperty<T>): Promise<void> {
  const heartbeat = setInterval(() => {}, 1000);
  try {
    await fc.assert(property, { numRuns: 200 });
  } finally {
    clearInterval(heartbeat);
  }
}

/** Lets everything go on that can. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

class Play {
  readonly #queue: Queue<number>;
  readonly #realms = [thisRealm().id, ...[1, 2, 3].map((n) => passForChild(`actor ${n}`).id)];
  readonly #controllers: AbortController[] = [];
  readonly #operations: Promise<unknown>[] = [];
  readonly put = new Set<number>();
  readonly refused = new Set<number>();
  readonly got: number[] = [];
  #last = 0;

  constructor(maxsize: number) {
    this.#queue = new Queue(maxsize);
  }

  async do(act: Act): Promise<void> {
    switch (act.kind) {
      case "put":
        return this.#put(act.who, act.way);
      case "get":
        return this.#get(act.who, act.way);
      case "abort":
        return this.#controllers[act.which % this.#controllers.length]?.abort();
      case "die":
        // Main lives on.
        if (act.who > 0) endRealm(this.#realms[act.who]!);
        return;
      case "turn":
        return await turn();
      default:
        return act satisfies never;
    }
  }

  #options(way: Way) {
    if (way === "try") return { block: false };
    if (way === "timed") return { timeout: 1 };
    if (way === "wait") return undefined;
    const controller = new AbortController();
    this.#controllers.push(controller);
    return { signal: controller.signal };
  }

  #put(who: number, way: Way): void {
    const item = ++this.#last;
    const put = this.#as(who, () => this.#queue.put(item, this.#options(way)));
    this.#operations.push(put.then(() => this.put.add(item), (error) => {
      this.refused.add(item);
      this.#expect(error);
    }));
  }

  #get(who: number, way: Way): void {
    const get = this.#as(who, () => this.#queue.get(this.#options(way)));
    this.#operations.push(get.then((item) => this.got.push(item), (error) => this.#expect(error)));
  }

  // deno-lint-ignore require-await
  async #as<T>(who: number, act: () => Promise<T>): Promise<T> {
    return actAs({ realm: this.#realms[who]!, task: 0 }, act);
  }

  #expect(error: unknown): void {
    assert(ENDS.some((kind) => error instanceof kind), `${error}`);
  }

  /** Gets what is left; all that wait go. */
  async end(): Promise<void> {
    await this.#queue.shutdown();
    await Promise.all(this.#operations);
    for await (const item of this.#queue) this.got.push(item);
    for (const wish of ["getters", "putters"] as const) {
      assertEquals(waitingFor(this.#queue, wish), 0, wish);
    }
    for (const realm of this.#realms.slice(1)) endRealm(realm);
  }
}

Deno.test("Whoever puts, gets, gives up or dies: what was put is got once, and what was not is not", async () => {
  await holds(
    fc.asyncProperty(fc.nat(3), fc.array(ACT, { maxLength: 40 }), async (maxsize, acts) => {
      const play = new Play(maxsize);
      for (const act of acts) await play.do(act);
      await play.end();
      assertEquals(play.got.toSorted((a, b) => a - b), [...play.put].sort((a, b) => a - b));
      for (const item of play.got) assert(!play.refused.has(item));
    }),
  );
});

Deno.test("One that gets, gets in the order of each that puts, whatever comes between", async () => {
  await holds(
    fc.asyncProperty(fc.nat(3), fc.array(ACT, { maxLength: 40 }), async (maxsize, acts) => {
      const play = new Play(maxsize);
      // Numbers rise, and main alone puts.
      for (const act of acts) {
        if (act.kind === "put") await play.do({ ...act, who: 0 });
        else if (act.kind !== "get") await play.do(act);
        else {
          await play.do({ ...act, who: 0 });
          await turn();
        }
      }
      await play.end();
      assertEquals(play.got, play.got.toSorted((a, b) => a - b));
    }),
  );
});
