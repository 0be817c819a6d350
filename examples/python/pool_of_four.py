import random
import time
from multiprocessing import Pool

def work(task):
    seconds = random.random() * 0.3
    time.sleep(seconds)
    print(f"task {task} took {seconds:.2f} s")

if __name__ == "__main__":
    pool = Pool(4)
    for task in range(5):
        pool.apply_async(work, [task])
    pool.close()
    pool.join()
    print("all tasks are done")
