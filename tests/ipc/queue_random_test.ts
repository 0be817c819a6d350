/** Random uses of a queue by main and by realms that act here and die, against a plain list. */

import { assert, assertEquals } from "@std/assert";
import fc from "npm:fast-check@^4.10.0";
import { CancelledError, Empty, Full, Queue, ShutDown } from "../../mod.ts";
import { itemInWords } from "../../ipc/queues/_item_bytes.ts";
import type { Mailbox } from "../../ipc/queues/_mailbox.ts";
import { mailboxOf } from "../../ipc/queues/_mailboxes.ts";
import { actAs } from "../../sync/_identity.ts";
import { endRealm, passForChild, thisRealm } from "../../sync/_realm.ts";
import { waitingFor } from "../support/queue_waiters.ts";

type Act =
  | { readonly kind: "lease"; readonly who: number; readonly most: number }
  | { readonly kind: "take"; readonly who: number }
  | { readonly kind: "settle"; readonly who: number; readonly keeps: boolean }
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

/** As a child does that gets one after the other: it is sent some, takes them, and says so, or does not. */
const CHILD = fc.integer({ min: 1, max: 2 });
const LENT: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("lease" as const),
      who: CHILD,
      most: fc.integer({ min: 2, max: 6 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("take" as const), who: CHILD }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      who: CHILD,
      keeps: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.constant({ kind: "put" as const, who: 0, way: "try" as const }),
  },
);
const MIX = fc.array(fc.oneof({ weight: 1, arbitrary: ACT }, { weight: 6, arbitrary: LENT }), {
  minLength: 30,
  maxLength: 120,
});

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

/** What one was sent and has not taken, and how many it took and did not say so. */
interface Hand {
  readonly left: number[];
  unsaid: number[];
}

class Play {
  readonly #queue: Queue<number>;
  readonly #mailbox: Mailbox;
  readonly #hands: Hand[] = [0, 1, 2, 3].map(() => ({ left: [], unsaid: [] }));
  /** What those had taken who died before they said so. */
  readonly mayComeAgain = new Set<number>();
  readonly #realms = [thisRealm().id, ...[1, 2, 3].map((n) => passForChild(`actor ${n}`).id)];
  readonly #controllers: AbortController[] = [];
  readonly #operations: Promise<unknown>[] = [];
  readonly put = new Set<number>();
  readonly refused = new Set<number>();
  readonly got: number[] = [];
  #last = 0;

  constructor(maxsize: number) {
    this.#queue = new Queue(maxsize);
    this.#mailbox = mailboxOf(this.#queue);
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
        if (act.who > 0) this.#die(act.who);
        return;
      case "lease":
        return this.#lease(act.who, act.most);
      case "take":
        return this.#take(act.who);
      case "settle":
        return this.#settle(act.who, act.keeps);
      case "turn":
        return await turn();
      default:
        return act satisfies never;
    }
  }

  #die(who: number): void {
    const hand = this.#hands[who]!;
    for (const item of hand.unsaid) this.mayComeAgain.add(item);
    hand.left.length = hand.unsaid.length = 0;
    endRealm(this.#realms[who]!);
  }

  #lease(who: number, most: number): void {
    const hand = this.#hands[who]!;
    const realm = this.#realms[who]!;
    if (hand.left.length > 0 || !thisRealm().realms.isAlive(realm)) return;
    this.#settle(who, true);
    const into = new Int32Array(100);
    const { count } = this.#mailbox.getSeveral(realm, into, most, () => true);
    for (let i = 0, at = 0; i < count; i++) {
      const length = into[at++]!;
      hand.left.push(itemInWords(into, at, length) as number);
      at += Math.ceil(length / 4);
    }
    // The first is its at once.
    if (count > 0) this.got.push(hand.left.shift()!);
  }

  #take(who: number): void {
    const { left, unsaid } = this.#hands[who]!;
    const item = left.shift();
    if (item === undefined) return;
    this.got.push(item);
    unsaid.push(item);
  }

  /** As long as it has taken nothing else, what it had is what was sent last. */
  #settle(who: number, keeps: boolean): void {
    const hand = this.#hands[who]!;
    this.#mailbox.settleLease(this.#realms[who]!, hand.unsaid.length, keeps);
    hand.unsaid = [];
    if (!keeps) hand.left.length = 0;
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
    // All answer that live.
    for (const who of this.#hands.keys()) this.#settle(who, false);
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

Deno.test("Whoever is sent some ahead, says what it took or dies: nothing is lost, nor doubled by who lives", async () => {
  let again = 0;
  await holds(
    fc.asyncProperty(
      fc.constantFrom(0, 0, 3, 10),
      MIX,
      async (maxsize, acts) => {
        const play = new Play(maxsize);
        for (const act of acts) {
          await play.do(act);
        }
        await play.end();
        assertEquals(new Set(play.got), play.put);
        const seen = new Set<number>();
        for (const item of play.got) {
          if (seen.has(item)) {
            again++;
            assert(play.mayComeAgain.has(item), `${item} came twice`);
          }
          seen.add(item);
        }
      },
    ),
  );
  assert(again > 0, "no lease died");
});

Deno.test("What is leased counts, and is got by nobody else, and in order when it is given back", async () => {
  await holds(
    fc.asyncProperty(MIX, async (acts) => {
      const play = new Play(0);
      // One puts, one is lent to, and main gets by what is there.
      for (const act of acts) {
        if (act.kind === "put") await play.do({ ...act, who: 0, way: "try" });
        else if (act.kind === "get") {
          await play.do({ ...act, who: 0, way: "try" });
          await play.do({ kind: "settle", who: 1, keeps: false });
          await turn();
        } else if (act.kind === "turn") await turn();
        else if (act.kind !== "abort" && act.kind !== "die") await play.do({ ...act, who: 1 });
      }
      await play.end();
      assertEquals(play.got, [...play.put].sort((a, b) => a - b));
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
