/** What two ends of a connection do, whatever is between them. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BufferTooShort, connection, EOFError, OSError, transfer, ValueError } from "../../mod.ts";
import type { Connection } from "../../mod.ts";

/** Two ends that are connected, and what else is to be closed. */
export interface Ends extends AsyncDisposable {
  readonly a: Connection;
  readonly b: Connection;
}

const bytes = (...values: number[]) => new Uint8Array(values);
const text = (text: string) => new TextEncoder().encode(text);
/** Milliseconds after which something that must happen has not. */
const HANG = 60_000;

/**
 * Registers the tests for one kind of connection; K… are the lines of CPython's own tests.
 *
 * @param connect Makes two ends, where those of `beside` are, if there are any.
 * @param wait As `connection.wait`, for ends that are elsewhere.
 * @param skipped Names of tests that can't be made with these, each with the reason.
 */
export function connectionSuite(
  kind: string,
  connect: (beside?: Ends) => Promise<Ends>,
  wait: typeof connection.wait = connection.wait,
  skipped: Readonly<Record<string, string>> = {},
): void {
  const test = (name: string, fn: (ends: Ends) => Promise<void>) =>
    Deno.test({
      name: `${kind}: ${name}`,
      ignore: name in skipped,
      async fn() {
        await using ends = await connect();
        await fn(ends);
      },
    });

  test("K01: values and bytes come in turns, and sending gives nothing", async ({ a, b }) => {
    assertEquals(await a.send({ sheep: [1, 2, 3] }), undefined);
    assertEquals(await a.send_bytes(text("wool")), undefined);
    await a.send("last");
    assertEquals(await b.recv(), { sheep: [1, 2, 3] });
    assertEquals(await b.recv_bytes(), text("wool"));
    assertEquals(await b.recv(), "last");
    await b.send(-1n);
    assertEquals(await a.recv(), -1n);
  });

  test("values keep what structured clone keeps, and their errors and URLs", async ({ a, b }) => {
    const cyclic: Record<string, unknown> = { big: new Uint8Array(300_000).fill(7) };
    cyclic.self = cyclic;
    cyclic.map = new Map<unknown, unknown>([["url", new URL("https://example.com/a")]]);
    cyclic.error = new ValueError("too far", { cause: new TypeError("why") });
    const [, got] = await Promise.all([
      a.send(cyclic),
      b.recv() as Promise<typeof cyclic & { error: Error }>,
    ]);
    assert(got !== cyclic && got.self === got);
    assertEquals(got.big, cyclic.big);
    assertEquals((got.map as Map<string, URL>).get("url"), new URL("https://example.com/a"));
    assert(got.error instanceof ValueError && got.error.cause instanceof TypeError);
    assertEquals(got.error.message, "too far");
  });

  test("buffers that are marked for it are moved", async ({ a, b }) => {
    const small = bytes(1, 2, 3);
    const large = new Uint8Array(1_000_000).fill(9);
    const sending = a.send(transfer([small, large]));
    assertEquals([small.length, large.length], [0, 0]);
    assertEquals(await b.recv(), [bytes(1, 2, 3), new Uint8Array(1_000_000).fill(9)]);
    await sending;
  });

  test("a value that can't be sent is refused, and the next one is sent", async ({ a, b }) => {
    const error = await assertRejects(() => a.send({ f() {} }), DOMException);
    assertEquals(error.name, "DataCloneError");
    await assertRejects(
      () =>
        a.send({
          get secret() {
            throw new ValueError("mine");
          },
        }),
      ValueError,
      "mine",
    );
    await a.send("fine");
    assertEquals(await b.recv(), "fine");
  });

  test("a message is what it was when it was sent", async ({ a, b }) => {
    const buffer = new Uint8Array(500_000).fill(1);
    const value = { n: 1 };
    const sending = [a.send_bytes(buffer), a.send(value)];
    buffer.fill(2);
    value.n = 2;
    assertEquals(await b.recv_bytes(), new Uint8Array(500_000).fill(1));
    assertEquals(await b.recv(), { n: 1 });
    await Promise.all(sending);
  });

  test("K02: recv_bytes_into counts offset in bytes and leaves the rest alone", async ({ a, b }) => {
    await a.send_bytes(bytes(1, 2, 3));
    const into = new Uint8Array(8).fill(9);
    assertEquals(await b.recv_bytes_into(into), 3);
    assertEquals(into, bytes(1, 2, 3, 9, 9, 9, 9, 9));
    const wide = new Uint16Array(4).fill(0x0909);
    await a.send_bytes(bytes(4, 5, 6));
    assertEquals(await b.recv_bytes_into(wide, 3), 3);
    assertEquals(new Uint8Array(wide.buffer), bytes(9, 9, 9, 4, 5, 6, 9, 9));
    await a.send_bytes(bytes());
    assertEquals(await b.recv_bytes_into(new ArrayBuffer(0)), 0);
    const shared = new SharedArrayBuffer(2);
    await a.send_bytes(bytes(7));
    assertEquals(await b.recv_bytes_into(new DataView(shared), 1), 1);
    assertEquals([...new Uint8Array(shared)], [0, 7]);
  });

  test("K03: BufferTooShort has the whole message, which has been received", async ({ a, b }) => {
    await a.send_bytes(bytes(1, 2, 3));
    await a.send_bytes(bytes(4));
    const error = await assertRejects(() => b.recv_bytes_into(bytes(0, 0, 0), 1), BufferTooShort);
    assertEquals(error.value, bytes(1, 2, 3));
    assertEquals(await b.recv_bytes(), bytes(4));
  });

  test("a buffer may turn out too short only when the message is there", async ({ a, b }) => {
    const shrinking = new ArrayBuffer(4, { maxByteLength: 4 });
    const receiving = assertRejects(() => b.recv_bytes_into(shrinking), BufferTooShort);
    shrinking.resize(1);
    await a.send_bytes(bytes(5, 6));
    assertEquals((await receiving).value, bytes(5, 6));
  });

  test("K04: poll looks, waits, and takes nothing away", async ({ a, b }) => {
    assertEquals(await b.poll(), false);
    assertEquals(await b.poll(-1), false);
    assertEquals(await b.poll(5), false);
    const polling = b.poll(HANG);
    await a.send("here");
    assertEquals(await polling, true);
    assertEquals([await b.poll(), await b.poll(HANG), await b.poll(Infinity)], [true, true, true]);
    assertEquals(await b.recv(), "here");
    assertEquals(await b.poll(), false);
    await a.send("again");
    assertEquals(await b.poll(), true);
    await assertRejects(() => b.poll(NaN), ValueError);
  });

  test("K05: a message of 16 MB", async ({ a, b }) => {
    const large = new Uint8Array(16 * 1024 * 1024 + 1);
    for (let i = 0; i < large.length; i += 1000) large[i] = i / 1000;
    const [, received] = await Promise.all([a.send_bytes(large), b.recv_bytes()]);
    assertEquals(received.length, large.length);
    assert(received.every((byte, i) => byte === large[i]));
    const [, value] = await Promise.all([b.send({ large }), a.recv()]);
    assertEquals((value as { large: Uint8Array }).large.length, large.length);
  });

  test("K06: what was sent before the end is received, then EOFError, again and again", async ({ a, b }) => {
    await a.send("last words");
    await a.send_bytes(bytes(1));
    a.close();
    assertEquals(await b.recv(), "last words");
    assertEquals(await b.recv_bytes(), bytes(1));
    for (const receive of [b.recv, b.recv_bytes, () => b.recv_bytes_into(bytes())]) {
      await assertRejects(() => receive.call(b), EOFError);
    }
    assertEquals(b.closed, false);
  });

  test("what is sent and not awaited leaves before the end", async ({ a, b }) => {
    const large = new Uint8Array(3_000_000).fill(3);
    const sending = [a.send_bytes(large), a.send("bye")];
    a.close();
    assertEquals((await b.recv_bytes()).length, large.length);
    assertEquals(await b.recv(), "bye");
    await assertRejects(() => b.recv(), EOFError);
    await Promise.all(sending);
  });

  test("K04, K06: the end is something to receive", async ({ a, b }) => {
    const polling = b.poll(HANG);
    a.close();
    assertEquals(await polling, true);
    assertEquals(await b.poll(), true);
    assertEquals(await wait([b], 0), [b]);
    await assertRejects(() => b.recv(), EOFError);
  });

  test("K09: send_bytes checks what it is to send", async ({ a, b }) => {
    const message = text("0123456789");
    await a.send_bytes(message, 7);
    await a.send_bytes(message, 2, 3);
    await a.send_bytes(message, 10);
    await a.send_bytes(message, 10, 0);
    await a.send_bytes(message.buffer, 0, 1);
    await a.send_bytes(new Uint16Array([0x0101, 0x0202]), 1, 2);
    for (const wanted of ["789", "234", "", "", "0", "\x01\x02"]) {
      assertEquals(await b.recv_bytes(), text(wanted));
    }
    const wrong: [number, number?][] = [[11], [11, 0], [9, 2], [10, 1], [-1], [4, -1], [0.5], [
      NaN,
    ]];
    for (const [offset, size] of wrong) {
      await assertRejects(() => a.send_bytes(message, offset, size), ValueError);
    }
    await assertRejects(() => a.send_bytes("text" as never), TypeError);
    for (const offset of [-1, 2, 0.5]) {
      await assertRejects(() => b.recv_bytes_into(bytes(0), offset), ValueError);
    }
    await assertRejects(() => b.recv_bytes_into([] as never), TypeError);
    await assertRejects(() => b.recv_bytes(-1), ValueError);
    await a.send_bytes(bytes(1));
    assertEquals(await b.recv_bytes(), bytes(1));
  });

  test("K07: on a message that is too long nothing can be received any more", async ({ a, b }) => {
    await a.send_bytes(bytes(1, 2, 3));
    assertEquals(await b.recv_bytes(3), bytes(1, 2, 3));
    await a.send_bytes(bytes(1, 2, 3));
    await assertRejects(() => b.recv_bytes(2), OSError, "3 bytes, at most 2");
    assertEquals([b.readable, b.writable, b.closed], [false, true, false]);
    await assertRejects(() => b.recv_bytes(), OSError, "this end can't receive");
    await assertRejects(() => b.recv(), OSError, "this end can't receive");
    await assertRejects(() => b.poll(), OSError, "this end can't receive");
    await assertRejects(() => wait([b], 0), OSError, "this end can't receive");
    await b.send("still");
    assertEquals(await a.recv(), "still");
  });

  test("K13: a closed end does nothing but say so", async ({ a }) => {
    {
      using end = a;
      assertEquals([end.closed, end.readable, end.writable], [false, true, true]);
    }
    assertEquals(a.closed, true);
    a.close();
    await assertRejects(() => a.send(1), OSError, "closed");
    await assertRejects(() => a.send_bytes(bytes()), OSError, "closed");
    await assertRejects(() => a.recv(), OSError, "closed");
    await assertRejects(() => a.recv_bytes(), OSError, "closed");
    await assertRejects(() => a.recv_bytes_into(bytes()), OSError, "closed");
    await assertRejects(() => a.poll(), OSError, "closed");
    await assertRejects(() => wait([a]), OSError, "closed");
    assertThrows(() => a.fileno(), OSError, "closed");
  });

  test("who waits to receive is told when the end is closed", async ({ a }) => {
    const receiving = [a.recv(), a.recv_bytes()].map((it) =>
      assertRejects(() => it, OSError, "closed")
    );
    const polling = assertRejects(() => a.poll(HANG), OSError, "closed");
    const waiting = assertRejects(() => wait([a]), OSError, "closed");
    a.close();
    await Promise.all([...receiving, polling, waiting]);
  });

  test("K14: an empty message is a message", async ({ a, b }) => {
    await a.send_bytes(bytes());
    assertEquals([await b.poll(HANG), await b.poll()], [true, true]);
    assertEquals(await b.recv_bytes(), bytes());
    assertEquals(await b.poll(), false);
  });

  test("K15: empty messages keep their place", async ({ a, b }) => {
    const words = ["hello", "", "", "wool", ""];
    for (const word of words) await a.send_bytes(text(word));
    for (const word of words) assertEquals(await b.recv_bytes(), text(word));
  });

  test("K16: poll takes no part of a message", async ({ a, b }) => {
    const sending = a.send_bytes(new Uint8Array(1_000_000).fill(4));
    for (let i = 0; i < 3; i++) assertEquals(await b.poll(HANG), true);
    assertEquals(await b.recv_bytes(), new Uint8Array(1_000_000).fill(4));
    await sending;
  });

  test("K17: messages are never merged or torn, also those sent at once", async ({ a, b }) => {
    const lengths = Array.from({ length: 300 }, (_, i) => i % 17 === 0 ? 70_000 + i : i * 7);
    const sending = lengths.map((length, i) => a.send_bytes(new Uint8Array(length).fill(i)));
    for (const [i, length] of lengths.entries()) {
      const message = await b.recv_bytes();
      assertEquals(message.length, length);
      assert(message.every((byte) => byte === i % 256));
    }
    await Promise.all(sending);
  });

  test("receivers are served in the order of their calls", async ({ a, b }) => {
    const receiving = [b.recv(), b.recv_bytes(), b.recv(), b.recv_bytes(5)];
    await a.send(1);
    await a.send_bytes(bytes(2));
    await a.send(3);
    await a.send_bytes(bytes(4));
    assertEquals(await Promise.all(receiving), [1, bytes(2), 3, bytes(4)]);
  });

  test("a sender waits for a receiver that does nothing", async ({ a, b }) => {
    let sent = 0;
    const message = new Uint8Array(100_000);
    const sending = (async () => {
      for (; sent < 1000; sent++) await a.send_bytes(message);
    })();
    // It has stopped when it gets no further in the time that many messages would take.
    let before: number;
    do {
      before = sent;
      for (let i = 0; i < 5; i++) await b.poll(5);
    } while (sent > before);
    assert(sent < 1000, "all has left and nobody has received");
    for (let i = 0; i < 1000; i++) await b.recv_bytes();
    await sending;
  });

  test("both sides talk at the same time", async ({ a, b }) => {
    const count = 500;
    const talk = async (end: Connection) => {
      const sending = (async () => {
        for (let i = 0; i < count; i++) await end.send({ i, text: "x".repeat(i * 3) });
      })();
      for (let i = 0; i < count; i++) {
        assertEquals(await end.recv(), { i, text: "x".repeat(i * 3) });
      }
      await sending;
    };
    await Promise.all([talk(a), talk(b)]);
  });

  test("what send_bytes sent is no value, and closes who takes it for one", async ({ a, b }) => {
    await a.send_bytes(bytes(0x80, 4, 0x4e, 0x2e));
    await assertRejects(() => b.recv(), OSError, "pickle");
    assertEquals(b.closed, true);
  });

  test("K21, K27: wait gives all that are ready, in the order given", async (ends) => {
    const { a, b } = ends;
    await using other = await connect(ends);
    assertEquals(await wait([b, other.b], 0), []);
    const waiting = wait([b, other.b]);
    await a.send(1);
    assertEquals(await waiting, [b]);
    await other.a.send(2);
    assertEquals(await wait([other.b, b], HANG), [other.b, b]);
    assertEquals(await b.recv(), 1);
    assertEquals(await wait([b, other.b], HANG), [other.b]);
    other.a.close();
    assertEquals(await other.b.recv(), 2);
    assertEquals(await wait([b, other.b], HANG), [other.b]);
  });

  test("K22: by wait, every message of several comes exactly once", async (ends) => {
    await using second = await connect(ends);
    await using third = await connect(ends);
    const all = [ends, second, third];
    const sending = all.map(async ({ a }, who) => {
      for (let i = 0; i < 50; i++) {
        await a.send([who, i]);
        if (i % 10 === who) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      a.close();
    });
    const readers = new Set(all.map(({ b }) => b));
    const got: number[][] = [[], [], []];
    while (readers.size > 0) {
      for (const reader of await wait(readers)) {
        try {
          const [who, i] = await reader.recv() as [number, number];
          got[who]!.push(i);
        } catch (error) {
          assert(error instanceof EOFError);
          readers.delete(reader);
        }
      }
    }
    assertEquals(got, all.map(() => Array.from({ length: 50 }, (_, i) => i)));
    await Promise.all(sending);
  });

  test("K25, K26: wait ends with nothing when the time is up, and looks at once", async ({ a, b }) => {
    assertEquals(await wait([a, b], 20), []);
    assertEquals(await wait([a, b], -1), []);
    await assertRejects(() => wait([a], NaN), ValueError);
    await assertRejects(() => wait([{} as never], 0), TypeError, "sentinel");
    assertEquals(await wait([]), []);
    assertEquals(await wait([], 1), []);
  });

  test("who waits goes on waiting when another has taken what came", async ({ a, b }) => {
    const polling = [b.poll(HANG), b.poll(HANG)];
    const waiting = wait([b]);
    // The first to hear of it takes it at once.
    const taking = b.poll(HANG).then(() => b.recv());
    const first = polling[0]!.then(() => b.recv());
    await a.send(1);
    await a.send(2);
    assertEquals((await Promise.all([first, taking])).toSorted(), [1, 2]);
    await a.send(3);
    assertEquals(await Promise.all(polling), [true, true]);
    assertEquals(await waiting, [b]);
    assertEquals(await b.recv(), 3);
  });

  test("two may wait for the same, and one that gives up does not disturb", async ({ a, b }) => {
    const waits = [wait([b]), b.poll(1), wait([b], 1), b.poll(HANG)];
    await waits[1];
    await waits[2];
    const receiving = b.recv();
    await a.send(1);
    assertEquals(await receiving, 1);
    await a.send(2);
    assertEquals(await waits[0], [b]);
    assertEquals(await waits[3], true);
    assertEquals(await b.recv(), 2);
  });
}
