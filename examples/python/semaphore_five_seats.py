import time
from multiprocessing import Process, Semaphore

def visit(visitor, seats):
    with seats:
        print(f"visitor {visitor} sits down")
        time.sleep(0.05)
        print(f"visitor {visitor} leaves")

if __name__ == "__main__":
    seats = Semaphore(5)
    visitors = [Process(target=visit, args=(n + 1, seats)) for n in range(13)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
