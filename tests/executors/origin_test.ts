/** Tests of origins: whose stack a submission has. */

import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { Origins } from "../../executors/_origin.ts";

/** Submits until stacks are shared. */
function exhaust(origins: Origins, work: unknown): void {
  for (let last = origins.take(work, exhaust);;) {
    const next = origins.take(work, exhaust);
    if (next.caller === last.caller) return;
    last = next;
  }
}

Deno.test("the first submissions have a stack each", () => {
  const origins = new Origins();
  const callers = Array.from({ length: 16 }, () => origins.take("f", exhaust).caller);
  assertEquals(new Set(callers).size, 16);
});

Deno.test("a stack leads to the submission, without what is below the boundary", () => {
  function boundary(origins: Origins) {
    return origins.take("f", boundary).caller;
  }
  const { stack } = boundary(new Origins());
  assert(!stack!.includes("boundary"), stack);
  assert(stack!.includes("origin_test.ts"), stack);
});

Deno.test("many submissions in a turn share the last stack, whatever is submitted", () => {
  const origins = new Origins();
  const callers = Array.from({ length: 100_000 }, (_, i) => origins.take(i % 2, exhaust).caller);
  assert(new Set(callers).size < 50_000);
});

Deno.test("in another turn only what had the last stack shares it", () => {
  const origins = new Origins();
  exhaust(origins, "f");
  origins.endTurn();
  const first = origins.take("g", exhaust);
  origins.endTurn();
  const second = origins.take("h", exhaust);
  origins.endTurn();
  assertNotStrictEquals(first.caller, second.caller);
  // What went without a stack in a turn has a right to one in the next.
  exhaust(origins, "f");
  while (origins.take("g", exhaust).caller !== origins.take("f", exhaust).caller);
  origins.endTurn();
  const shared = origins.take("f", exhaust).caller;
  origins.endTurn();
  assertNotStrictEquals(origins.take("g", exhaust).caller, shared);
});

Deno.test("time goes on though stacks are shared", () => {
  const origins = new Origins();
  exhaust(origins, "f");
  origins.endTurn();
  const { time } = origins.take("f", exhaust);
  for (;;) {
    origins.endTurn();
    const next = origins.take("f", exhaust);
    assert(next.time >= time);
    if (next.time > time) break;
  }
});
