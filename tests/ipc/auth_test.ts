/** How both ends of a connection prove that they have the key. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { answer, answerTo, type Channel, isAnswer } from "../../ipc/connections/_auth.ts";
import { AuthenticationError, type Connection, connection } from "../../mod.ts";
import { fuzzHandshake } from "../support/wire_fuzz.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const joined = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
const upTo = (length: number) => Uint8Array.from({ length }, (_, i) => i);

const SECRET = utf8("secret");
const OLD = upTo(20);
const NEW = joined(utf8("{sha256}"), upTo(40));

/** What a side receives, in this order; it may send what it likes. */
function script(...messages: Uint8Array[]): Channel & { sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  return {
    sent,
    send_bytes: (bytes) => Promise.resolve(void sent.push(bytes as Uint8Array)),
    recv_bytes: () => Promise.resolve(new Uint8Array(messages.shift()!)),
  };
}

Deno.test("H12: the answers are CPython's, to old challenges and to new ones", async () => {
  assertEquals((await answerTo(SECRET, OLD)).toHex(), "7defa9cc46abc3583325d17ccda75190");
  assertEquals(
    (await answerTo(SECRET, NEW)).toHex(),
    "7b7368613235367d" + "fc57fbe650d6124b98215e7b5d197d5807ad69982d275a9735ea2d56f1fa6989",
  );
});

Deno.test("H12: an answer may be bare MD5, as before Python 3.12, or by any digest that is known", async () => {
  assert(await isAnswer(SECRET, NEW, Uint8Array.fromHex("8e48d2bb349b4b72b9382999ed5b62eb")));
  for (const name of ["md5", "sha256", "sha384", "sha3_256", "sha3_384"]) {
    const answered = await answerTo(SECRET, joined(utf8(`{${name}}`), upTo(40)));
    assertEquals(new TextDecoder().decode(answered.subarray(0, name.length + 2)), `{${name}}`);
    assert(await isAnswer(SECRET, joined(utf8(`{${name}}`), upTo(40)), answered));
    assertEquals(await isAnswer(utf8("guess"), NEW, answered), false);
  }
  const { createHmac } = await import("node:crypto");
  const other = createHmac("sha3-256", SECRET).update(NEW).digest();
  assert(await isAnswer(SECRET, NEW, joined(utf8("{sha3_256}"), other)));
});

Deno.test("answers of a wrong length, name or value are none", async () => {
  const right = await answerTo(SECRET, NEW);
  const { createHmac } = await import("node:crypto");
  const sha1 = joined(utf8("{sha1}"), createHmac("sha1", SECRET).update(NEW).digest());
  const bare = right.subarray("{sha256}".length);
  const changed = right.slice();
  changed[20]! ^= 1;
  const wrong = [
    sha1,
    bare,
    changed,
    right.subarray(0, 39),
    joined(right, upTo(1)),
    upTo(0),
    upTo(16),
  ];
  for (const answer of wrong) assertEquals(await isAnswer(SECRET, NEW, answer), false);
});

Deno.test("H11: what is no challenge is not answered", async () => {
  const wrong = [
    [utf8("#CHALLENGE#"), "too short"],
    [utf8("something bogus"), "no challenge"],
    [joined(utf8("#CHALLENGE#"), upTo(19)), "too short"],
    [joined(utf8("#CHALLENGE#"), upTo(21)), "not known"],
    [joined(utf8("#CHALLENGE#{sha1}"), upTo(40)), "not known"],
    [upTo(0), "no challenge"],
  ] as const;
  for (const [message, reason] of wrong) {
    const channel = script(message);
    await assertRejects(() => answer(channel, SECRET), AuthenticationError, reason);
    assertEquals(channel.sent, []);
  }
});

Deno.test("only the exact welcome is one", async () => {
  for (const verdict of ["#FAILURE#", "#WELCOME", "#WELCOME##", ""]) {
    const channel = script(joined(utf8("#CHALLENGE#"), NEW), utf8(verdict));
    await assertRejects(() => answer(channel, SECRET), AuthenticationError, "refuses");
    assertEquals(channel.sent, [await answerTo(SECRET, NEW)]);
  }
  await answer(script(joined(utf8("#CHALLENGE#"), OLD), utf8("#WELCOME#")), SECRET);
});

/** Two ends without a key. */
async function ends(act: (a: Connection, b: Connection) => Promise<void>): Promise<void> {
  using listener = new connection.Listener({ address: ["127.0.0.1", 0] });
  await using a = await connection.Client(listener.address);
  await using b = await listener.accept();
  await act(a, b);
}

Deno.test("H10: a wrong answer fails the challenge, and the other end is told", () =>
  ends(async (a, b) => {
    const delivering = assertRejects(
      () => connection.deliver_challenge(a, SECRET),
      AuthenticationError,
      "both ends need the same authkey",
    );
    const challenge = await b.recv_bytes();
    assertEquals(challenge.length, 59);
    assertEquals(new TextDecoder().decode(challenge.subarray(0, 19)), "#CHALLENGE#{sha256}");
    await b.send_bytes(utf8("something bogus"));
    await delivering;
    assertEquals(await b.recv_bytes(), utf8("#FAILURE#"));
  }));

Deno.test("both halves are public, with any digest", () =>
  ends(async (a, b) => {
    for (const digest of ["sha3_384", "md5"] as const) {
      await Promise.all([
        connection.deliver_challenge(a, SECRET, digest),
        connection.answer_challenge(b, SECRET),
      ]);
    }
    await assertRejects(
      () => connection.deliver_challenge(a, "text" as never),
      TypeError,
      "Uint8Array",
    );
    await assertRejects(
      () => connection.answer_challenge(a, null as never),
      TypeError,
      "Uint8Array",
    );
    await assertRejects(
      () => connection.deliver_challenge(a, SECRET, "sha1" as never),
      TypeError,
      "md5, sha256",
    );
  }));

Deno.test("no two challenges are the same", () =>
  ends(async (a, b) => {
    const seen = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const delivering = assertRejects(() => connection.deliver_challenge(a, SECRET));
      seen.add((await b.recv_bytes()).toHex());
      await b.send_bytes(upTo(1));
      await delivering;
      await b.recv_bytes();
    }
    assertEquals(seen.size, 5);
  }));

Deno.test("random handshakes with changed messages never succeed, and fail as they should", async () => {
  assert(await fuzzHandshake(20_260_801, 1000) > 10);
});
