from threading import Barrier, Thread

counter = 0
both_have_read = Barrier(2)

def change(by):
    global counter
    read = counter
    both_have_read.wait()
    counter = read + by

if __name__ == "__main__":
    threads = [Thread(target=change, args=(by,)) for by in [1, -1]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("counter is 0:", counter == 0)
