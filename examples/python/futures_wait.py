from concurrent.futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    FIRST_EXCEPTION,
    ThreadPoolExecutor,
    wait,
)
from threading import Event

def fail():
    raise ValueError("no wool")

if __name__ == "__main__":
    with ThreadPoolExecutor(2) as executor:
        gate = Event()
        slow = executor.submit(gate.wait)
        quick = executor.submit(lambda: True)

        done, not_done = wait([slow, quick], return_when=FIRST_COMPLETED)
        print("first done:", quick in done, slow in not_done)

        failing = executor.submit(fail)
        futures = [slow, quick, failing]
        done, not_done = wait(futures, return_when=FIRST_EXCEPTION)
        print("first error:", failing in done, slow in not_done)

        gate.set()
        done, not_done = wait(futures, return_when=ALL_COMPLETED)
        print("all:", len(done), len(not_done))
