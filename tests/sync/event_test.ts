/** Tests of `Event`; most of them are in `event_suite.ts`. */

import { assertEquals, assertStrictEquals } from "@std/assert";
import { Event } from "../../mod.ts";
import { untilWaiting } from "../support/waiters.ts";
import { eventSuite } from "../suites/event_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) eventSuite(backend);

Deno.test("B09: an event is printed as set or unset", async () => {
  const event = new Event();
  assertEquals(Deno.inspect(event), "Event { unset }");
  await event.set();
  assertEquals(Deno.inspect(event), "Event { set }");
});

Deno.test("Setting and clearing take effect at the call", async () => {
  const event = new Event();
  event.set();
  assertEquals([event.is_setSync(), event.waitSync(), await event.is_set()], [true, true, true]);
  event.clear();
  assertStrictEquals(event.is_setSync(), false);
});

Deno.test("Y24: set, clear and set again between two waits wakes each once", async () => {
  const event = new Event();
  for (let round = 0; round < 100; round++) {
    const waits = [event.wait(), event.wait({ timeout: 60_000 }), event.wait()];
    await untilWaiting(event, 3);
    event.set();
    event.clear();
    const later = event.wait({ timeout: 0 });
    assertEquals(await Promise.all([...waits, later]), [true, true, true, false]);
  }
});
