from threading import Barrier, Thread

counter = 0
both_are_there = Barrier(2)

def add(a, b):
    return a + b

def change(n):
    global counter
    both_are_there.wait()
    for _ in range(100_000):
        counter = add(counter, n)  # in a call the other may get its turn
        counter = add(counter, -n)

if __name__ == "__main__":
    while counter == 0:
        threads = [Thread(target=change, args=(n,)) for n in [5, 8]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print("the counter is 0:", counter == 0)
