import os
from collections import Counter
from multiprocessing import Pool

def pid(_):
    return os.getpid()

if __name__ == "__main__":
    with Pool(2, maxtasksperchild=3) as pool:
        pids = pool.map(pid, range(12), chunksize=1)
    tasks = Counter(pids)
    print("tasks:", len(pids))
    print("most in one process:", max(tasks.values()))
    print("at least four processes:", len(tasks) >= 4)
