"""CPython's executors and pool under the same works; reads a job, prints the answer.

The counterpart of `child.ts` and `measures/`, with the standard library only.
"""

import json
import multiprocessing
import multiprocessing.pool
import statistics
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait

MARK = "@bench "
clock = time.perf_counter


def empty(_arg):
    return None


def square(value):
    return value * value


def spin(ms):
    end = clock() + ms / 1000
    turns = 0
    while clock() < end:
        turns += 1
    return turns


def crunch(turns):
    state = turns | 1
    for i in range(turns):
        state = ((state ^ (state >> 15)) * 0x2C1B3C6D + i) & 0xFFFFFFFF
    return state


def weigh(data):
    return len(data)


_given = b""


def give(length):
    global _given
    if len(_given) != length:
        _given = bytes([length % 251]) * length
    return _given


def echo(data):
    return data


class SubmittingPool(multiprocessing.pool.Pool):
    """`multiprocessing.Pool` under the names of an executor."""

    def submit(self, kernel, arg):
        return self.apply_async(kernel, (arg,))


multiprocessing.pool.ApplyResult.result = multiprocessing.pool.ApplyResult.get


class Executor:
    """A contender made of a `concurrent.futures` executor class."""

    def __init__(self, make, settings, longest_queue):
        self.make = make
        self.settings = settings
        self.longest_queue = longest_queue


CONTENDERS = {
    "cpython-threads": Executor(ThreadPoolExecutor, "ThreadPoolExecutor(max_workers)", 200_000),
    "cpython-processes": Executor(
        ProcessPoolExecutor, "ProcessPoolExecutor(max_workers), fork; map: 8 chunks", 20_000
    ),
    "cpython-pool": Executor(SubmittingPool, "multiprocessing.Pool(processes), fork; its own chunksize", 100_000),
}


def run_many(pool, kernel, args):
    for future in [pool.submit(kernel, arg) for arg in args]:
        future.result()


def timed(work):
    start = clock()
    work()
    return (clock() - start) * 1000


def settle(pool, kernel, tasks):
    run_many(pool, kernel, [0] * min(tasks, 2_000))
    time.sleep(0.1)


def burst(contender, job, add, note):
    count = min(job["plan"]["count"], contender.longest_queue)
    if count < job["plan"]["count"]:
        note(f"{count:,} tasks")
    with contender.make(job["workers"]) as pool:
        settle(pool, empty, 2_000)
        for _ in range(job["plan"]["repeats"]):
            ms = timed(lambda: run_many(pool, empty, [0] * count))
            add("rate", count / ms * 1000)


def roundtrip(contender, job, add, _note):
    with contender.make(job["workers"]) as pool:
        settle(pool, empty, 2_000)
        for _ in range(job["plan"]["count"] // 20):
            trips = [timed(lambda: pool.submit(empty, 0).result()) for _ in range(20)]
            add("us", statistics.median(trips) * 1000)


def map_(contender, job, add, _note):
    items = range(job["plan"]["count"])
    options = {}
    if contender.make is ProcessPoolExecutor:
        options["chunksize"] = max(1, len(items) // 8)
    with contender.make(job["workers"]) as pool:
        sum(pool.map(square, range(50_000), **options))
        for _ in range(job["plan"]["repeats"]):
            ms = timed(lambda: sum(pool.map(square, items, **options)))
            add("rate", len(items) / ms * 1000)


def imap(contender, job, add, _note):
    items = range(job["plan"]["count"])
    with contender.make(job["workers"]) as pool:
        sum(pool.imap(square, range(5_000)))
        for _ in range(job["plan"]["repeats"]):
            ms = timed(lambda: sum(pool.imap(square, items)))
            add("rate", len(items) / ms * 1000)


def cpu(contender, job, add, _note):
    turns = 20_000
    rate = statistics.median(turns / timed(lambda: crunch(turns)) for _ in range(20))
    count = job["plan"]["count"]
    args = [round((50 - 45 * i / (count - 1)) * rate) for i in range(count)]
    for _ in range(job["plan"]["repeats"]):
        took = []
        for workers in (1, job["workers"]):
            with contender.make(workers) as pool:
                settle(pool, spin, 50)
                took.append(timed(lambda: run_many(pool, crunch, args)))
        add("speedup", took[0] / took[1])
        add("ms", took[1])


def last_short(pool, long, short):
    last = [0.0]

    def note_time(_future):
        last[0] = clock()

    start = clock()
    pending = [pool.submit(spin, 500) for _ in range(long)]
    for _ in range(short):
        future = pool.submit(spin, 1)
        future.add_done_callback(note_time)
        pending.append(future)
    wait(pending)
    return (last[0] - start) * 1000


def mixed(contender, job, add, _note):
    with contender.make(job["workers"]) as pool:
        for _ in range(job["plan"]["repeats"]):
            for metric, long in (("one", 1), ("two", 2)):
                settle(pool, spin, 2_000)
                add(metric, last_short(pool, long, job["plan"]["count"]))


def first(contender, job, add, _note):
    for _ in range(job["plan"]["count"]):
        start = clock()
        with contender.make(job["workers"]) as pool:
            pool.submit(empty, 0).result()
            add("ms", (clock() - start) * 1000)


def queue(contender, job, add, note):
    with contender.make(job["workers"]) as pool:
        settle(pool, empty, 2_000)
        count = 1_000
        while count <= job["plan"]["count"]:
            repeats = max(1, min(20, 200_000 // count))
            times = [timed(lambda: run_many(pool, empty, [0] * count)) for _ in range(repeats)]
            took = statistics.median(times)
            add(f"us {count}", took / count * 1000)
            if took > 1_500 and count < job["plan"]["count"]:
                note(f"stopped at {count:,}: too slow")
                break
            count *= 10


def bytes_(contender, job, add, _note):
    count = job["plan"]["count"]
    length = count << 20
    sent = bytes(i % 251 for i in range(251)) * (length // 251 + 1)
    sent = sent[:length]
    with contender.make(job["workers"]) as pool:
        settle(pool, empty, 100)
        for i in range(-2, job["plan"]["repeats"]):
            for metric, kernel, arg, trips in (
                ("there", weigh, sent, 1),
                ("back", give, length, 1),
                ("both", echo, sent, 2),
            ):
                ms = timed(lambda: pool.submit(kernel, arg).result())
                if i >= 0:
                    add(metric, trips * count / ms * 1000)


SLICE = 2_000
BLOCK = 100


def acquisitions(lock):
    def use(count):
        for _ in range(count):
            lock.acquire()
            lock.release()

    return use


def settings(event):
    def use(count):
        for _ in range(count):
            event.set()
            event.wait()
            event.clear()

    return use


def notifications(condition):
    def use(count):
        for _ in range(count):
            condition.acquire()
            condition.notify()
            condition.release()

    return use


def rounds(barrier):
    def use(count):
        for _ in range(count):
            barrier.wait()

    return use


def additions(value):
    def use(count):
        for _ in range(count):
            with value.get_lock():
                value.value += 1

    return use


def lock_turns(locks, _turn, me, count):
    at = me
    for _ in range(count // 2):
        following = (at + 1) % 3
        locks[following].acquire()
        locks[at].release()
        at = following
    locks[at].release()


def semaphore_turns(permits, _turn, me, count):
    for _ in range(count // 2):
        permits[me].acquire()
        permits[1 - me].release()


def event_turns(events, _turn, me, count):
    for _ in range(count // 2):
        events[me].wait()
        events[me].clear()
        events[1 - me].set()


def condition_turns(condition, turn, me, count):
    with condition:
        for _ in range(count // 2):
            condition.wait_for(lambda: turn.value == me)
            turn.value = 1 - me
            condition.notify()


def barrier_turns(barrier, _turn, _me, count):
    for _ in range(count):
        barrier.wait()


def three_locks():
    locks = [multiprocessing.Lock() for _ in range(3)]
    for lock in locks[:2]:
        lock.acquire()
    return locks


def two_permits():
    return multiprocessing.Semaphore(1), multiprocessing.Semaphore(0)


def two_events():
    events = multiprocessing.Event(), multiprocessing.Event()
    events[0].set()
    return events


PRIMITIVES = {
    "lock": (lambda: acquisitions(multiprocessing.Lock()), three_locks, lock_turns),
    "semaphore": (lambda: acquisitions(multiprocessing.Semaphore(1)), two_permits, semaphore_turns),
    "event": (lambda: settings(multiprocessing.Event()), two_events, event_turns),
    "condition": (lambda: notifications(multiprocessing.Condition()), multiprocessing.Condition, condition_turns),
    "barrier": (lambda: rounds(multiprocessing.Barrier(1)), lambda: multiprocessing.Barrier(2), barrier_turns),
    "value": (lambda: additions(multiprocessing.Value("i")), None, None),
}


def hand_over(make, turns, count):
    shared, turn, gate = make(), multiprocessing.RawValue("i", 0), multiprocessing.Barrier(2)

    def side(me):
        gate.wait()
        turns(shared, turn, me, count)

    other = multiprocessing.Process(target=side, args=(1,))
    other.start()
    ms = timed_from(gate, lambda: turns(shared, turn, 0, count))
    other.join()
    return ms


def timed_from(gate, work):
    gate.wait()
    return timed(work)


def primitive(_contender, job, add, _note):
    make_use, make_shared, turns = PRIMITIVES[job["measure"]]
    use = make_use()
    for i in range(-10, job["plan"]["count"]):
        ms = timed(lambda: use(SLICE))
        if i >= 0:
            add("ns sync", ms * 1e6 / SLICE)
    if turns is not None:
        for _ in range(job["plan"]["repeats"]):
            add("us sync", hand_over(make_shared, turns, BLOCK) * 1e3 / BLOCK)


def put_numbers(queue, count, start):
    start.wait()
    for i in range(count):
        queue.put(i)


def get_numbers(queue, count, start, took):
    start.wait()
    begun = clock()
    for _ in range(count):
        queue.get()
    took.put((clock() - begun) * 1000)


def numbers(each, count):
    """Milliseconds for so many numbers, from `each` producers to as many consumers."""
    queue, took = multiprocessing.Queue(), multiprocessing.SimpleQueue()
    start = multiprocessing.Barrier(2 * each)
    share = count // each
    sides = []
    for _ in range(each):
        sides.append(multiprocessing.Process(target=put_numbers, args=(queue, share, start)))
        sides.append(multiprocessing.Process(target=get_numbers, args=(queue, share, start, took)))
    for side in sides:
        side.start()
    longest = max(took.get() for _ in range(each))
    for side in sides:
        side.join()
    return longest


def items(_contender, job, add, note):
    count = min(job["plan"]["count"], 100_000)
    if count < job["plan"]["count"]:
        note(f"{count:,} items")
    for _ in range(job["plan"]["repeats"]):
        one, four = (count / numbers(each, count) * 1000 for each in (1, 4))
        add("rate", one)
        add("rate 4", four)
        add("ratio", four / one)


LARGE = bytearray(2**20)


def put_large(queue, count):
    for _ in range(count + 10):
        queue.put(LARGE)


def large(_contender, job, add, _note):
    count = job["plan"]["count"]
    for _ in range(job["plan"]["repeats"]):
        queue = multiprocessing.Queue(8)
        side = multiprocessing.Process(target=put_large, args=(queue, count))
        side.start()
        for _ in range(10):
            queue.get()
        us = timed(lambda: [None for _ in range(count) if queue.get() is None]) * 1000 / count
        side.join()
        copy = timed(lambda: [None for _ in range(count) if bytes(LARGE) is None]) * 1000 / count
        add("us", us)
        add("copy", copy)
        add("ratio", us / copy)


def drain(queue, count, done):
    for _ in range(count):
        queue.get()
    done.set()


def child(_contender, job, add, _note):
    count = job["plan"]["count"]
    for _ in range(job["plan"]["repeats"]):
        queue, done = multiprocessing.Queue(), multiprocessing.Event()
        side = multiprocessing.Process(target=drain, args=(queue, count, done))
        side.start()
        begun = clock()
        for i in range(count):
            queue.put(i)
        done.wait()
        add("rate", count / (clock() - begun))
        side.join()


def answer(end, count):
    for _ in range(count):
        end.send(end.recv())


def pipe(_contender, job, add, _note):
    count = job["plan"]["count"]
    for _ in range(job["plan"]["repeats"]):
        here, there = multiprocessing.Pipe()
        side = multiprocessing.Process(target=answer, args=(there, count + 10))
        side.start()
        for i in range(10):
            here.send(i)
            here.recv()
        begun = clock()
        for i in range(count):
            here.send(i)
            here.recv()
        add("us", (clock() - begun) * 1e6 / count)
        side.join()


def ask(shared, count):
    for _ in range(count):
        shared.get("key")


def ask_together(shared, count, start, took):
    ask(shared, 200)
    start.wait()
    begun = clock()
    ask(shared, count)
    took.put((clock() - begun) * 1000)


def clients_at_once(make, shared, clients, count):
    """Milliseconds until the slowest of so many threads or processes has made its share of the calls."""
    took, start = multiprocessing.SimpleQueue(), multiprocessing.Barrier(clients)
    sides = [
        make(target=ask_together, args=(shared, count // clients, start, took))
        for _ in range(clients)
    ]
    for side in sides:
        side.start()
    longest = max(took.get() for _ in sides)
    for side in sides:
        side.join()
    return longest


def calls(_contender, job, add, _note):
    count = job["plan"]["count"]
    with multiprocessing.Manager() as manager:
        shared = manager.dict(key=1)
        for i in range(-1, job["plan"]["repeats"]):
            alone = count / timed(lambda: ask(shared, count)) * 1000
            together = count / clients_at_once(threading.Thread, shared, 8, count) * 1000
            apart = count / clients_at_once(multiprocessing.Process, shared, 8, count) * 1000
            if i >= 0:
                add("alone", alone)
                add("together", together)
                add("apart", apart)


MEASURES = {
    **{name: primitive for name in PRIMITIVES},
    "burst": burst,
    "roundtrip": roundtrip,
    "map": map_,
    "imap": imap,
    "cpu": cpu,
    "mixed": mixed,
    "first": first,
    "queue": queue,
    "bytes": bytes_,
    "items": items,
    "large": large,
    "child": child,
    "pipe": pipe,
    "calls": calls,
}


def measure(name, job):
    contender = CONTENDERS[name]
    samples, notes = {}, []
    outcome = {"samples": samples, "notes": notes, "settings": contender.settings}
    try:
        MEASURES[job["measure"]](
            contender,
            job,
            lambda metric, value: samples.setdefault(metric, []).append(value),
            notes.append,
        )
    except Exception as error:  # the answer must reach the parent whatever went wrong
        outcome["failed"] = f"{type(error).__name__}: {error}"
    return outcome


def main():
    # Forked workers start faster than spawned ones: the fastest setting of these pools.
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork")
    job = json.loads(sys.argv[1])
    answer = {name: measure(name, job) for name in job["contenders"]}
    print(f"\n{MARK}{json.dumps(answer)}", flush=True)


if __name__ == "__main__":
    main()
