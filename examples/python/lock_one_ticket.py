import json
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Lock

def share(shared_lock):
    global lock
    lock = shared_lock

def buy(buyer, file):
    with lock:
        with open(file) as f:
            shop = json.load(f)
        if shop["tickets"] == 0:
            return False
        shop["tickets"] -= 1
        with open(file, "w") as f:
            json.dump(shop, f)
        print(f"buyer {buyer} has bought the ticket")
        return True

if __name__ == "__main__":
    handle, file = tempfile.mkstemp()
    with os.fdopen(handle, "w") as f:
        json.dump({"tickets": 1}, f)

    with ProcessPoolExecutor(8, initializer=share, initargs=(Lock(),)) as executor:
        buyers = [executor.submit(buy, n, file) for n in range(100)]
        bought = [buyer.result() for buyer in buyers]
    print("sold:", sum(bought))
    os.remove(file)
