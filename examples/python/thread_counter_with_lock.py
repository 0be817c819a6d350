from threading import Lock, Thread

counter = 0
lock = Lock()

def change(n):
    global counter
    for _ in range(100_000):
        with lock:
            counter += n
            counter -= n

if __name__ == "__main__":
    threads = [Thread(target=change, args=(n,)) for n in [5, 8]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("counter:", counter)
