import time
from multiprocessing import Process

def nap(name):
    time.sleep(0.5)
    print(name, "has slept")

if __name__ == "__main__":
    start = time.perf_counter()
    first = Process(target=nap, args=("first",))
    second = Process(target=nap, args=("second",))
    first.start()
    second.start()
    first.join()
    second.join()
    print(f"both: {time.perf_counter() - start:.1f} s")
