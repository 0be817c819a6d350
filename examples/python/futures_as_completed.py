import random
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

def nap(sheep):
    time.sleep(random.random() * 0.3)
    return sheep

if __name__ == "__main__":
    with ThreadPoolExecutor(5) as executor:
        flock = ["Ada", "Bo", "Cleo", "Dot", "Eve"]
        naps = [executor.submit(nap, sheep) for sheep in flock]
        for done in as_completed(naps):
            print(done.result(), "has slept")
