/** The programs of `examples/python/`: what each needs, and what it prints. */

import { assert, assertEquals } from "@std/assert";
import { type Check, inAnyOrder, inOrder, inParts, match, range } from "./checks.ts";

/** As a user who has `deno` on the `PATH` says by its name. */
const RUN = `--allow-run=${Deno.execPath()}`;
const THREADS = ["-R"];
const PROCESSES = ["-R", RUN];
/** They are reached by a socket. */
const MANAGERS = [...PROCESSES, "-W", "--allow-net"];
const LOCALHOST = "--allow-net=127.0.0.1";

/** A program that is there in Herd and in Python. */
export interface Program {
  /** Its permissions in Herd. */
  readonly flags: readonly string[];
  /** Checks what it prints, in either language. */
  readonly prints: Check;
  /** Checks its standard error; default that there is nothing. */
  readonly fails?: Check;
}

const TICKS = range(1, 5).map((n) => `tick ${n}`);
const ENDED = "the program has ended";

/** By the names of their files, without the suffix. */
export const PROGRAMS: Readonly<Record<string, Program>> = {
  process_start_and_join: { flags: PROCESSES, prints: inOrder("hello, herd", "exit code: 0") },
  process_two_at_once: {
    flags: PROCESSES,
    prints: inParts(
      [2, inAnyOrder("first has slept", "second has slept")],
      [1, (lines) => void match(lines, /^both: \d+\.\d s$/)],
    ),
  },
  process_four_in_a_list: {
    flags: PROCESSES,
    prints: inParts(
      [4, inAnyOrder("1 * 1 = 1", "2 * 2 = 4", "3 * 3 = 9", "4 * 4 = 16")],
      [1, inOrder("all have ended")],
    ),
  },
  process_ids: {
    flags: PROCESSES,
    prints(lines) {
      const [main, child, parent, joined] = match(
        lines,
        /^MainProcess: (\d+)$/,
        /^Process-1: (\d+), child of (\d+)$/,
        /^the child was: (\d+)$/,
      );
      assertEquals([child, parent], [joined, main]);
    },
  },
  process_subclass: {
    flags: PROCESSES,
    prints: inOrder(...range(1, 3).map((n) => `greeter: hello, herd (${n})`)),
  },
  process_without_guard: {
    flags: PROCESSES,
    prints: inOrder("exit code: 1"),
    fails(lines) {
      const error = lines.filter((line) => line.includes("RuntimeError:"));
      assertEquals(error.length, 1, "one process has started, and no other");
    },
  },
  ticking_not_joined: {
    flags: PROCESSES,
    prints(lines) {
      assertEquals(lines.filter((line) => line !== ENDED), TICKS);
      assertEquals(lines.filter((line) => line === ENDED).length, 1);
    },
  },
  ticking_daemon: {
    flags: PROCESSES,
    prints(lines) {
      assertEquals(lines[0], ENDED);
      assert(!lines.includes(TICKS.at(-1)!), "the daemon has ended with the program");
    },
  },
  ticking_daemon_joined: { flags: PROCESSES, prints: inOrder(...TICKS, ENDED) },

  pool_of_four: {
    flags: PROCESSES,
    prints(lines) {
      const tasks = match(lines.slice(0, 5), ...Array(5).fill(/^task (\d) took 0\.\d\d s$/));
      assertEquals(tasks.map(Number).toSorted(), range(0, 4));
      assertEquals(lines.slice(5), ["all tasks are done"]);
    },
  },
  pool_of_eight_timed: {
    flags: PROCESSES,
    prints: (lines) =>
      void match(
        lines,
        /^16 tasks, one after the other: [123]\.\d s$/,
        /^over the pool: \d+\.\d s$/,
      ),
  },
  pool_apply_and_apply_async: {
    flags: PROCESSES,
    prints: (lines) =>
      void match(lines, /^apply: 1 4 9 in \d+\.\d s$/, /^apply_async: 1 4 9 in \d+\.\d s$/),
  },
  pool_map: { flags: PROCESSES, prints: inOrder("the last: 9801", "their sum: 328350") },
  pool_maxtasksperchild: {
    flags: PROCESSES,
    prints: inOrder("tasks: 12", "most in one process: 3", "at least four processes: true"),
  },
  pool_async_results: {
    flags: PROCESSES,
    prints: inOrder("root: 4", "root: 3", "failed, and ready all the same: true", "root: 1"),
  },
  pool_callback: {
    flags: [...PROCESSES, LOCALHOST],
    prints: inOrder(...range(1, 8).map((n) => `Page /${n}`)),
  },

  queue_writer_and_reader: {
    flags: PROCESSES,
    prints(lines) {
      const from = (verb: string) => lines.filter((line) => line.startsWith(verb));
      assertEquals(from("put"), ["put A", "put B", "put C"]);
      assertEquals(from("got"), ["got A", "got B", "got C"]);
      for (const letter of "ABC") {
        assert(lines.indexOf(`put ${letter}`) < lines.indexOf(`got ${letter}`));
      }
      assertEquals(lines.slice(6), ["exit codes: 0 -15"]);
    },
  },
  queue_bounded: {
    flags: [],
    prints: inOrder(
      ...["full: true", "no room for the wolf: true", "ewe", "lamb", "ram"],
      ...["empty: true", "nobody there: true"],
    ),
  },
  queue_sentinel: {
    flags: PROCESSES,
    prints: inOrder(...range(1, 4).map((n) => `eats loaf ${n}`), "there are no more"),
  },
  joinable_queue_one_consumer: {
    flags: PROCESSES,
    prints: inOrder("done: shear", "done: wash", "done: spin", "all jobs are done"),
  },
  joinable_queue_three_consumers: {
    flags: PROCESSES,
    prints(lines) {
      const workers = match(lines.slice(0, 9), ...Array(9).fill(/^(worker [123]: job \d)$/));
      const jobs = workers.map((line) => Number(line.at(-1)));
      assertEquals(jobs.toSorted(), range(1, 9));
      assertEquals(lines.slice(9), ["all jobs are done"]);
    },
  },
  pipe_poll: {
    flags: PROCESSES,
    prints: inOrder("before: false", "after: true", "hello", "42", "no more: false"),
  },
  pipe_greeting: {
    flags: PROCESSES,
    prints: inOrder("child got: hello, child", "parent got: hello, parent"),
  },

  lock_one_ticket: {
    flags: ["-R", "-W", RUN],
    prints: (lines) => void match(lines, /^buyer \d+ has bought the ticket$/, /^sold: 1$/),
  },
  lock_twenty_printers: {
    flags: PROCESSES,
    prints(lines) {
      const printers = range(0, 19).map((n) => {
        const [line] = lines.slice(3 * n, 3 * n + 1);
        const [printer] = match([line!], /^printer (\d+): first page$/);
        assertEquals(
          lines.slice(3 * n, 3 * n + 3),
          ["first", "second", "third"].map((page) => `printer ${printer}: ${page} page`),
        );
        return Number(printer);
      });
      assertEquals(printers.toSorted((a, b) => a - b), range(1, 20));
      assertEquals(lines.length, 60);
    },
  },
  lock_in_order: {
    flags: PROCESSES,
    prints: inOrder(...range(1, 20).map((n) => `printer ${n}`)),
  },
  semaphore_five_seats: {
    flags: PROCESSES,
    prints(lines) {
      const inside = new Set<string>();
      const visitors = new Set<string>();
      for (const line of lines) {
        const [visitor, action] = match([line], /^visitor (\d+) (sits down|leaves)$/);
        if (action === "leaves") assert(inside.delete(visitor!), line);
        else inside.add(visitor!);
        visitors.add(visitor!);
        assert(inside.size <= 5, lines.join("\n"));
      }
      assertEquals([lines.length, visitors.size, inside.size], [26, 13, 0]);
    },
  },
  condition_two_stages: {
    flags: PROCESSES,
    prints: inParts(
      [1, inOrder("first stage: done")],
      [2, inAnyOrder(...[1, 2].map((n) => `second stage: worker ${n} begins`))],
    ),
  },
  event_with_and_without_timeout: {
    flags: PROCESSES,
    prints: inOrder("the impatient one: false", "the event is set", "the patient one: true"),
  },
  barrier_three_phases: {
    flags: PROCESSES,
    prints: inParts(
      ...["weather", "growth", "grazing"].flatMap((phase): [number, Check][] => [
        [3, inAnyOrder(...["hills", "plains", "marshes"].map((at) => `${phase} in the ${at}`))],
        [1, inOrder("all regions are done")],
      ]),
    ),
  },

  value_and_array: { flags: THREADS, prints: inOrder("3.5 0 -1 -2 -3") },
  manager_value_and_array: { flags: MANAGERS, prints: inOrder("3.5 0 -1 -2 -3") },
  manager_list_and_dict: {
    flags: MANAGERS,
    prints: inOrder("lamb", "ram", "ewe", "ewe: 5", "lamb: 0"),
  },
  manager_namespace: { flags: MANAGERS, prints: inOrder("north 4") },

  thread_start_and_join: {
    flags: THREADS,
    prints: inParts(
      [3, inAnyOrder(...["ewe", "lamb", "ram"].map((name, n) => `thread ${n}: hello, ${name}`))],
      [1, inOrder("all have ended: true")],
    ),
  },
  thread_local: {
    flags: THREADS,
    prints: inParts(
      [2, inAnyOrder("hello, ewe", "hello, ram")],
      [1, inOrder("hello, shepherd")],
    ),
  },
  thread_counter_with_lock: { flags: THREADS, prints: inOrder("counter: 0") },
  thread_counter_without_lock: { flags: THREADS, prints: inOrder("the counter is 0: false") },
  dummy_pool: { flags: [...THREADS, LOCALHOST], prints: inOrder("4 8 12 16 20 24") },
  threads_or_processes_timed: {
    flags: PROCESSES,
    prints: (lines) =>
      void match(
        lines,
        /^threads that compute: \d+\.\d s$/,
        /^processes that compute: \d+\.\d s$/,
        /^threads that wait: \d+\.\d s$/,
        /^processes that wait: \d+\.\d s$/,
      ),
  },

  futures_submit_and_result: {
    flags: PROCESSES,
    prints: inOrder("result: 0.5", "done: true cancelled: false", "failed: true"),
  },
  futures_map: {
    flags: PROCESSES,
    prints: inOrder(
      "2147483647 is prime: true",
      "600851475143 is prime: false",
      "97 is prime: true",
      "1000000007 is prime: true",
    ),
  },
  futures_wait: {
    flags: THREADS,
    prints: inOrder("first done: true true", "first error: true true", "all: 3 0"),
  },
  futures_as_completed: {
    flags: THREADS,
    prints: inAnyOrder(...["Ada", "Bo", "Cleo", "Dot", "Eve"].map((name) => `${name} has slept`)),
  },
  futures_processes_of_threads: {
    flags: PROCESSES,
    prints: inAnyOrder(...range(1, 3).map((n) => `Process-${n}: 10 threads have met`)),
  },

  tcp_process_per_connection: {
    flags: [...PROCESSES, LOCALHOST],
    prints: inOrder("answered rightly: 50", "processes that have ended well: 50"),
  },
  tcp_pool_of_workers: {
    flags: [...PROCESSES, LOCALHOST],
    prints: inOrder("answered rightly: 50", "clients that were served: 50"),
  },
};
