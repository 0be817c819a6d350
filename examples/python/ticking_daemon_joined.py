import time
from multiprocessing import Process

def tick():
    for n in range(1, 6):
        time.sleep(0.2)
        print("tick", n)

if __name__ == "__main__":
    process = Process(target=tick, daemon=True)
    process.start()
    process.join()
    print("the program has ended")
