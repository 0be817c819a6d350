import time
from multiprocessing import Pool

def square(n):
    time.sleep(0.2)
    return n * n

if __name__ == "__main__":
    with Pool(3) as pool:
        numbers = [1, 2, 3]

        start = time.perf_counter()
        squares = [pool.apply(square, [n]) for n in numbers]
        print("apply:", *squares, f"in {time.perf_counter() - start:.1f} s")

        start = time.perf_counter()
        results = [pool.apply_async(square, [n]) for n in numbers]
        squares = [result.get() for result in results]
        print("apply_async:", *squares, f"in {time.perf_counter() - start:.1f} s")
