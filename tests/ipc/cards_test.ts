/** Tests of the cards: what goes on one, and what does not. */

import { assert, assertEquals } from "@std/assert";
import { Cards } from "../../ipc/workers/_cards.ts";
import {
  type AnswersMessage,
  CHUNK,
  ENCODED,
  type RunMessage,
  SHAPE_BITS,
  Status,
} from "../../ipc/workers/_protocol.ts";

function bothSides(slots = 4): { parent: Cards; worker: Cards } {
  const buffer = Cards.allocate(slots);
  return { parent: new Cards(buffer), worker: new Cards(buffer) };
}

function run(slot: number, values: unknown[], flags = 0): RunMessage {
  const shape = values.length << SHAPE_BITS | flags;
  return { kind: "run", calls: null, heads: [slot, 123_456, shape], values };
}

function answer(slot: number, value: unknown, status: number = Status.returned): AnswersMessage {
  return { kind: "answers", heads: [slot, status, 2 ** 41, 17], values: [value] };
}

const SMALL = [0, -0, 1.5, NaN, -Infinity, 2 ** 60, true, false, null, undefined];
const LARGE = ["", "text", 1n, {}, [], () => {}];

Deno.test("a small task is read as it was written", () => {
  const { parent, worker } = bothSides();
  for (const value of SMALL) {
    for (const values of [[], [value], [1, value], [value, 2, value]]) {
      const message = run(3, values);
      assertEquals(parent.writeTask(message), 3);
      assertEquals(worker.readTask(3), message);
    }
  }
});

Deno.test("a small result is read as it was written", () => {
  const { parent, worker } = bothSides();
  for (const value of SMALL) {
    assertEquals(worker.writeAnswer(answer(2, value)), 2);
    const { values: [read], ...message } = parent.readAnswer(2);
    assert(Object.is(read, value));
    assertEquals({ ...message, values: [value] }, answer(2, value));
  }
});

Deno.test("flags stay with the task", () => {
  const { parent, worker } = bothSides();
  for (const flags of [ENCODED, CHUNK, 4]) {
    parent.writeTask(run(0, [1], flags));
    assertEquals(worker.readTask(0), run(0, [1], flags));
  }
});

Deno.test("cards don't touch each other", () => {
  const { parent, worker } = bothSides();
  for (let slot = 0; slot < 4; slot++) parent.writeTask(run(slot, [slot, -slot, slot / 2]));
  worker.writeAnswer(answer(1, 99));
  for (const slot of [0, 2, 3]) {
    assertEquals(worker.readTask(slot), run(slot, [slot, -slot, slot / 2]));
  }
  assertEquals(parent.readAnswer(1), answer(1, 99));
});

Deno.test("what is no small value has no place on a card", () => {
  const { parent, worker } = bothSides();
  for (const value of LARGE) {
    assertEquals(parent.writeTask(run(0, [value])), undefined);
    assertEquals(parent.writeTask(run(0, [1, value])), undefined);
    assertEquals(worker.writeAnswer(answer(0, value)), undefined);
  }
  assertEquals(parent.writeTask(run(0, [1, 2, 3, 4])), undefined);
});

Deno.test("a message of several tasks, with a new function, or of another end, has no place on one", () => {
  const { parent, worker } = bothSides();
  const description = { id: 1, name: "f", url: "data:,", text: null, source: null };
  const two = { ...run(0, [1]), heads: [0, 1, 1 << SHAPE_BITS, 1, 1, 0] };
  assertEquals(parent.writeTask(two), undefined);
  assertEquals(parent.writeTask({ ...run(0, [1]), calls: [description] }), undefined);
  const answers = { ...answer(0, 1), heads: [0, 0, 1, 1, 1, 0, 1, 1], values: [1, 2] };
  assertEquals(worker.writeAnswer(answers), undefined);
  for (const status of Object.values(Status)) {
    if (status === Status.returned) continue;
    assertEquals(worker.writeAnswer(answer(0, undefined, status)), undefined);
  }
});
