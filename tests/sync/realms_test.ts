/** Tests of the numbers of threads and of the nodes of those that wait, some of them under the stepper. */

import { assert, assertEquals, assertFalse, assertGreater, assertThrows } from "@std/assert";
import { REALM_PLACES, Realms } from "../../sync/_realms.ts";
import { RuntimeError } from "../../sync/errors.ts";
import { FIELD, NODE, Waiters } from "../../sync/_waiters.ts";
import { explore } from "../support/stepper.ts";
import { PLACES, type Shared } from "./scenarios/realms_scenario.ts";

Deno.test("A thread is alive from its beginning to its end, which comes once and is counted", () => {
  const realms = new Realms();
  const id = realms.begin(0);
  assert(realms.isAlive(id));
  assert(new Realms(realms.buffer).isAlive(id), "every thread of the process sees it");
  assertEquals([realms.end(id), realms.end(id)], [true, false]);
  assertFalse(realms.isAlive(id));
  assertEquals(realms.deaths, 1);
});

Deno.test("A thread's number is never that of an earlier thread with its place", () => {
  const realms = new Realms();
  const ids = new Set<number>();
  for (let count = 0; count < 3 * REALM_PLACES; count++) {
    const id = realms.begin(0);
    assertFalse(ids.has(id));
    ids.add(id);
    realms.end(id);
    assertFalse(realms.isAlive(id));
  }
});

Deno.test("A thread dies with the one that started it, and its place is free", () => {
  const realms = new Realms();
  const main = realms.begin(0);
  for (let times = 0; times < 5; times++) {
    const parent = realms.begin(main);
    const children = Array.from({ length: 500 }, () => realms.begin(parent));
    const grandchild = realms.begin(children[0]!);
    assert(realms.isAlive(grandchild));
    realms.end(parent);
    assertEquals([parent, children[1]!, grandchild].map((id) => realms.isAlive(id)), [
      false,
      false,
      false,
    ]);
  }
  assert(realms.isAlive(main));
});

Deno.test("There are as many threads as there is room for, and an error for one more", () => {
  const realms = new Realms();
  const ids = Array.from({ length: REALM_PLACES - 1 }, () => realms.begin(0));
  assertEquals(new Set(ids).size, REALM_PLACES - 1);
  assertThrows(() => realms.begin(0), RuntimeError, "Cannot start a thread: 1023 are alive");
  realms.end(ids[7]!);
  assert(realms.isAlive(realms.begin(0)));
});

/** The waiters of two threads, with room for one chunk of nodes. */
function twoThreads() {
  const realms = new Realms();
  const [first, second] = [realms.begin(0), realms.begin(0)];
  const buffer = new SharedArrayBuffer((4096 + 8 * (64 + 1)) * 4);
  return {
    realms,
    first,
    ofFirst: new Waiters(realms, first, buffer),
    ofSecond: new Waiters(realms, second, buffer),
  };
}

Deno.test("Nodes that no thread has any more go to the next, once none of them is in a queue", () => {
  const { realms, first, ofFirst, ofSecond } = twoThreads();
  const nodes = Array.from({ length: 64 }, () => ofFirst.take());
  assertEquals(new Set(nodes).size, 64);
  const message = "Cannot wait: 64 waits are pending in this process, which is the most";
  assertThrows(() => ofFirst.take(), RuntimeError, message);
  assertThrows(() => ofSecond.take(), RuntimeError, message);
  ofFirst.set(nodes[3]!, FIELD.STATE, NODE.WAITING);
  ofFirst.set(nodes[5]!, FIELD.STATE, NODE.GRANTED);
  realms.end(first);
  assertThrows(() => ofSecond.take(), RuntimeError, message);
  ofSecond.set(nodes[3]!, FIELD.STATE, NODE.FREE);
  const taken = Array.from({ length: 64 }, () => ofSecond.take());
  assertEquals(taken.toSorted(), nodes.toSorted());
  assertEquals(new Set(taken.map((node) => ofSecond.get(node, FIELD.STATE))), new Set([NODE.FREE]));
});

Deno.test("Threads begin and end at the same places, and are never mistaken, in 1,000 schedules", async () => {
  const { distinct } = await explore({
    scenario: new URL("./scenarios/realms_scenario.ts", import.meta.url),
    actors: { first: "launcher", second: "launcher", third: "launcher" },
    setup(): Shared {
      const { buffer } = new Realms();
      return { table: buffer, living: new Int32Array(new SharedArrayBuffer(PLACES * 4)) };
    },
    check({ shared }) {
      assertEquals(new Set(shared.living), new Set([0]));
      assertEquals(new Realms(shared.table).deaths, 9);
    },
  });
  assertGreater(distinct, 900);
});
