import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

def compute():
    total = 0
    for n in range(2_000_000):
        total += n % 7
    return total

def wait():
    time.sleep(0.2)

def measure(name, executor, work):
    start = time.perf_counter()
    futures = [executor.submit(work) for _ in range(4)]
    for future in futures:
        future.result()
    print(f"{name}: {time.perf_counter() - start:.1f} s")

if __name__ == "__main__":
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        measure("threads that compute", threads, compute)
        measure("processes that compute", processes, compute)
        measure("threads that wait", threads, wait)
        measure("processes that wait", processes, wait)
