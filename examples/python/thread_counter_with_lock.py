from threading import Lock, Thread

counter = 0
lock = Lock()

def change(by):
    global counter
    for _ in range(100_000):
        with lock:
            counter += by

if __name__ == "__main__":
    threads = [Thread(target=change, args=(by,)) for by in [1, -1]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("counter:", counter)
