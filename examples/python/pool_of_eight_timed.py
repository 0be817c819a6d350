import random
import time
from multiprocessing import Pool

def work():
    seconds = 0.1 + random.random() * 0.1
    time.sleep(seconds)
    return seconds

if __name__ == "__main__":
    start = time.perf_counter()
    with Pool(8) as pool:
        results = [pool.apply_async(work) for _ in range(16)]
        times = [result.get() for result in results]
        print(f"{len(times)} tasks, one after the other: {sum(times):.1f} s")
        print(f"over the pool: {time.perf_counter() - start:.1f} s")
