/**
 * How processes and threads of one's own behave alike, whatever they are: `Process` over children and over Web
 * Workers, and `Thread`. Names such as P07 and Z05 are the lines of CPython's own tests that a test covers.
 */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  EOFError,
  Event,
  Lock,
  Pipe,
  Process,
  type ProcessOptions,
  Queue,
  RuntimeError,
  task,
  Thread,
  type ThreadOptions,
  transfer,
  Value,
  ValueError,
} from "../../mod.ts";
import {
  addTo,
  echo,
  endWith,
  HomelessProcess,
  HomelessThread,
  ProcessGreeter,
  type Self,
  sendOne,
  tellArgs,
  tellInherited,
  tellMisuse,
  tellSelf,
  ThreadGreeter,
  waitFor,
} from "./runnable_tasks.ts";

const TASKS = import.meta.resolve("./runnable_tasks.ts");

/** Options that both have. */
type Options = Omit<ThreadOptions, "permissions"> & Pick<ProcessOptions, "daemon">;

/** What the suite is about. */
export interface Kind {
  /** What it is called in the names of tests. */
  readonly title: string;
  readonly noun: "process" | "thread";
  /** Whether it has the program's memory. */
  readonly sharesMemory: boolean;
  make(options?: Options): Process | Thread;
  greeter(told: Queue<unknown>): ProcessGreeter | ThreadGreeter;
  homeless(): Process | Thread;
}

export const SPAWNED: Kind = {
  title: "a spawned Process",
  noun: "process",
  sharesMemory: false,
  make: (options) => new Process({ ...options, context: "spawn" }),
  greeter: (told) => new ProcessGreeter(told, { context: "spawn" }),
  homeless: () => new HomelessProcess({ context: "spawn" }),
};

export const WORKER: Kind = {
  title: "a Process over a worker",
  noun: "process",
  sharesMemory: true,
  make: (options) => new Process({ ...options, context: "worker" }),
  greeter: (told) => new ProcessGreeter(told, { context: "worker" }),
  homeless: () => new HomelessProcess({ context: "worker" }),
};

export const THREAD: Kind = {
  title: "a Thread",
  noun: "thread",
  sharesMemory: true,
  make: (options) => new Thread(options),
  greeter: (told) => new ThreadGreeter(told),
  homeless: () => new HomelessThread(),
};

/** Registers the suite for one kind. */
export function runnableSuite(kind: Kind): void {
  const test = (name: string, body: () => Promise<void>) =>
    Deno.test(`${kind.title}: ${name}`, body);
  const make = (options: Options = {}) => kind.make({ modules: [TASKS], ...options });
  const className = kind.noun === "thread" ? "Thread" : "Process";

  /** Runs one to its end. */
  const run = async (options: Options) => {
    const it = make(options);
    it.start();
    await it.join();
    return it;
  };

  test("P07, P09, Z05: before its start, while it runs and afterwards", async () => {
    const [begun, go, told] = [new Event(), new Event(), new Queue<string>()];
    const it = make({ target: waitFor, args: [begun, go, told], name: "Ann" });
    assertEquals([it.ident, it.is_alive(), it.daemon], [null, false, false]);
    assertStringIncludes(String(it), ` initial>`);
    assertEquals(it.start(), undefined);
    const { ident } = it;
    assert(ident !== null && Number.isInteger(ident));
    await begun.wait();
    assert(it.is_alive());
    assertStringIncludes(String(it), "started");
    assertStringIncludes(String(it), `<${className} name="Ann" `);
    await go.set();
    assertEquals(await told.get(), "went on");
    assertEquals(await it.join(), undefined);
    assertEquals([it.is_alive(), it.ident], [false, ident]);
    assertStringIncludes(Deno.inspect(it), "stopped");
    await it.join();
  });

  test("P08: what it is called is known inside", async () => {
    const told = new Queue<Self>();
    const it = make({ target: tellSelf, args: [told, className], name: "Ann" });
    it.start();
    const { name, ident, daemon, alive, text } = await told.get();
    assertEquals([name, ident, daemon, alive], ["Ann", it.ident, false, true]);
    assertStringIncludes(text, `<${className} name="Ann" `);
    assertStringIncludes(text, " started");
    await it.join();
  });

  test("P03, Z02: arguments arrive as they are", async () => {
    const told = new Queue<string[]>();
    const args = [
      [1, [2]],
      "text",
      new Map([["key", new Set([1n])]]),
      new Uint8Array([1, 2]),
      new URL("https://example.com/"),
      new RangeError("no"),
      new Date(0),
      undefined,
      null,
    ];
    await run({ target: tellArgs, args: [told, ...args] });
    const seen = await told.get();
    assertEquals(seen.slice(0, 5), [
      "[ 1, [ 2 ] ]",
      `"text"`,
      `Map(1) { "key" => Set(1) { 1n } }`,
      "Uint8Array(2) [ 1, 2 ]",
      Deno.inspect(new URL("https://example.com/"), { breakLength: Infinity }),
    ]);
    assertStringIncludes(seen[5]!, "RangeError: no");
    assertEquals(seen.slice(6), ["1970-01-01T00:00:00.000Z", "undefined", "null"]);
  });

  test("P35: kwargs come last as one object, a copy of what was given", async () => {
    const told = new Queue<string[]>();
    const kwargs = { b: 2, c: [3] };
    const args: unknown[] = [told, 1];
    const it = make({ target: tellArgs, args, kwargs });
    kwargs.b = 0;
    args.push(7);
    it.start();
    assertEquals(await told.get(), ["1", "{ b: 2, c: [ 3 ] }"]);
    await it.join();
  });

  test("arguments are copied at the start, and moved where that is asked for", async () => {
    const told = new Queue<string[]>();
    const list = [1];
    const bytes = new Uint8Array([1, 2, 3]);
    const it = make({ target: tellArgs, args: [told, list, transfer(bytes)] });
    it.start();
    list.push(2);
    assertEquals(bytes.length, 0);
    assertEquals(await told.get(), ["[ 1 ]", "Uint8Array(3) [ 1, 2, 3 ]"]);
    await it.join();
  });

  test("what can't be cloned fails start, which names it; it can be tried again", async () => {
    const args: unknown[] = [1, { deep: () => {} }];
    const it = make({ target: () => {}, args, name: "Ann" });
    for (let n = 0; n < 2; n++) {
      const error = assertThrows(() => it.start(), DOMException);
      assertEquals(error.name, "DataCloneError");
      assertStringIncludes(error.message, "Cannot send argument 2 of Ann: ");
      assertEquals([it.ident, it.is_alive()], [null, false]);
      assertStringIncludes(String(it), " initial>");
    }
    (args[1] as { deep: unknown }).deep = 1;
    const again = make({ target: () => {}, args });
    again.start();
    await again.join();
    it.start();
    await it.join();
  });

  test("Z17: it can't be started twice, nor by its own arguments", async () => {
    const errors: unknown[] = [];
    const hostile = {
      get again() {
        try {
          it.start();
        } catch (error) {
          errors.push(error);
        }
        return 1;
      },
    };
    const it: Process | Thread = make({ target: () => {}, args: [hostile] });
    it.start();
    const error = assertThrows(() => it.start(), RuntimeError);
    assertStringIncludes(error.message, "it was started before: make another");
    await it.join();
    assertThrows(() => it.start(), RuntimeError);
    assert(errors.length > 0);
    for (const error of errors) assertInstanceOf(error, RuntimeError);
  });

  test("Z19: before its start it can't be joined", async () => {
    const it = make();
    const error = await assertRejects(() => it.join(), RuntimeError);
    assertEquals(
      error.message,
      `Cannot join ${it.name}: it has not started: call start() before`,
    );
  });

  test("Z18, Z16: from inside it can't be joined, started, or made a daemon", async () => {
    const told = new Queue<string>();
    const it = make({ target: tellMisuse, args: [told, className], name: "Ann" });
    it.start();
    const reason = `it is the current ${kind.noun}`;
    assertEquals([await told.get(), await told.get(), await told.get()], [
      `RuntimeError: Cannot join Ann: ${reason}`,
      `RuntimeError: Cannot start Ann: ${reason}`,
      "RuntimeError: Cannot make Ann a daemon or none: it has started: set daemon before start()",
    ]);
    await it.join();
  });

  test("P11, Z11: join with 0 or less looks; with a time it waits no longer", async () => {
    const [begun, go, told] = [new Event(), new Event(), new Queue<string>()];
    const it = make({ target: waitFor, args: [begun, go, told] });
    it.start();
    await begun.wait();
    for (const timeout of [0, -1, 1]) {
      assertEquals(await it.join(timeout), undefined);
      assert(it.is_alive());
    }
    await assertRejects(() => it.join(NaN), ValueError, "a number of milliseconds is wanted");
    await go.set();
    while (it.is_alive()) await it.join(0);
    assertEquals(await told.get(), "went on");
  });

  test("Z10: several may join at a time", async () => {
    const it = make({ target: () => {} });
    it.start();
    await Promise.all([it.join(), it.join(60_000), it.join()]);
    assertEquals(it.is_alive(), false);
  });

  test("P04, Z14, Z15, Z16: daemon is inherited, a given value wins, after the start it stands", async () => {
    const told = new Queue<boolean>();
    assertEquals(make().daemon, false);
    const it = make({ target: tellInherited, args: [told, className], daemon: true });
    assertEquals(it.daemon, true);
    it.daemon = false;
    it.daemon = true;
    assertThrows(() => it.daemon = 1 as never, TypeError, "true or false is wanted");
    it.start();
    assertThrows(() => it.daemon = false, RuntimeError, "set daemon before start()");
    assertStringIncludes(String(it), " daemon>");
    assertEquals(await told.get(), true);
    await it.join();
  });

  test("without a target it does nothing and is fine", async () => {
    assertEquals((await run({})).is_alive(), false);
  });

  test("targets go by source, by module and by reference", async () => {
    const told = new Queue<unknown>();
    const bySource = (told: Queue<unknown>, n: number) => told.put([`${n}`]);
    const byReference = task(TASKS, tellArgs);
    const byName = task<typeof tellArgs>(TASKS, "tellArgs");
    for (const target of [bySource, tellArgs, byReference, byName]) {
      await run({ target, args: [told, 7] });
      assertEquals(await told.get(), ["7"]);
    }
  });

  test("run can be called here too", async () => {
    const told = new Queue<string[]>();
    for (const target of [tellArgs, task<typeof tellArgs>(TASKS, "tellArgs")]) {
      const it = make({ target, args: [told, 1] });
      await it.run();
      assertEquals([await told.get(), it.ident], [["1"], null]);
    }
  });

  test("P31: a subclass's fields travel, and its constructor does not run there", async () => {
    const told = new Queue<unknown>();
    const greeter = kind.greeter(told);
    greeter.count = 0;
    greeter.start();
    assertEquals(await told.get(), {
      greeting: "hello:world",
      count: 1,
      name: "greeter",
      isCurrent: true,
      constructed: 0,
    });
    await greeter.join();
    assertEquals(greeter.count, 0);
  });

  test("a subclass that overrides run has to say its module", async () => {
    const error = assertThrows(() => kind.homeless().start(), TypeError);
    assertStringIncludes(error.message, "overrides run(), and its static module is undefined");
    assertStringIncludes(error.message, "static override module = import.meta.url");
    await Promise.resolve();
  });

  test("options of the wrong type or unknown are named", async () => {
    const wrong: [options: unknown, message: string][] = [
      [{ target: 7 }, "target is 7: a function or task(url, function) is wanted"],
      [{ args: "text" }, `args is "text": an array is wanted`],
      [{ kwargs: new Map() }, "kwargs is Map(0) {}: a plain object is wanted"],
      [{ name: 7 }, "name is 7: a string is wanted"],
      [{ daemon: 1 }, "daemon is 1: true or false is wanted"],
      [{ modules: ["./x.ts"] }, "an array of absolute URLs is wanted"],
      [{ group: null }, "there is no option group: "],
    ];
    for (const [options, message] of wrong) {
      const error = assertThrows(() => kind.make(options as Options), TypeError);
      assertStringIncludes(error.message, `Cannot make a ${className}: `);
      assertStringIncludes(error.message, message);
    }
    for (const target of [Math.max, (() => {}).bind(null), class {}, function* () {}]) {
      assertThrows(() => kind.make({ target: target as never }), TypeError, "Cannot send ");
    }
    await Promise.resolve();
  });

  test("a name can be set, to a string", async () => {
    const it = make();
    it.name = "Ann";
    assertStringIncludes(String(it), `name="Ann"`);
    assertThrows(() => it.name = 7 as never, TypeError, "name is 7: a string is wanted");
    await Promise.resolve();
  });

  for (const how of ["return", "throw", "exit"] as const) {
    test(`a lock that it holds when it ends (${how}) goes to who waits, abandoned`, async () => {
      const lock = new Lock();
      const it = make({ target: endWith, args: [lock, how] });
      it.start();
      await it.join();
      await lock.acquire();
      assertEquals(lock.abandoned, true);
      await lock.release();
    });
  }

  test("memory is shared with threads, and with nothing else", async () => {
    const value = new Value("i", 2);
    const it = make({ target: addTo, args: [value] });
    if (!kind.sharesMemory) {
      assertThrows(() => it.start(), TypeError, "Value");
      return;
    }
    it.start();
    await it.join();
    assertEquals(value.value, 42);
  });

  test("it has the other end of a pipe, which is closed when it has ended", async () => {
    const [here, there] = Pipe();
    const it = make({ target: echo, args: [there] });
    it.start();
    there.close();
    await here.send({ sheep: 7 });
    assertEquals(await here.recv(), { sheep: 7 });
    here.close();
    await it.join();

    const [receiver, sender] = Pipe({ duplex: false });
    const other = make({ target: sendOne, args: [sender] });
    other.start();
    sender.close();
    assertEquals(await receiver.recv(), "one");
    await assertRejects(() => receiver.recv(), EOFError);
    await other.join();
    receiver.close();
  });

  test("await using waits for it", async () => {
    const told = new Queue<string[]>();
    {
      await using it = make({ target: tellArgs, args: [told, 1] });
      it.start();
      await using never = make();
      assertEquals(never.is_alive(), false);
    }
    assertEquals(await told.get_nowait(), ["1"]);
  });
}
