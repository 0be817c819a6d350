from multiprocessing import Process, Queue

def produce(loaves):
    for n in range(1, 5):
        loaves.put(n)
    loaves.put(None)

def consume(loaves):
    while (n := loaves.get()) is not None:
        print("eats loaf", n)
    print("there are no more")

if __name__ == "__main__":
    loaves = Queue()
    processes = [Process(target=target, args=(loaves,)) for target in [consume, produce]]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
