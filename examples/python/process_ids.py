import os
from multiprocessing import Process, current_process, parent_process

def tell():
    print(f"{current_process().name}: {os.getpid()}, child of {parent_process().pid}")

if __name__ == "__main__":
    print(f"{current_process().name}: {os.getpid()}")
    process = Process(target=tell)
    process.start()
    process.join()
    print("the child was:", process.pid)
