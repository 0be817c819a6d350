import math
from multiprocessing import Pool

def root(n):
    return math.sqrt(n)

if __name__ == "__main__":
    with Pool(2) as pool:
        results = [pool.apply_async(root, [n]) for n in [16, 9, -4, 1]]
        for result in results:
            result.wait()
            if result.successful():
                print("root:", round(result.get()))
            else:
                print("failed, and ready all the same:", result.ready())
