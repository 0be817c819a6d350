from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Process, current_process
from threading import Barrier

def meet(everyone):
    everyone.wait()
    return True

def work():
    everyone = Barrier(10)
    with ThreadPoolExecutor(10) as executor:
        threads = [executor.submit(meet, everyone) for _ in range(10)]
        met = [thread.result() for thread in threads]
    print(f"{current_process().name}: {len(met)} threads have met")

if __name__ == "__main__":
    processes = [Process(target=work) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
