from multiprocessing import Process

def square(n):
    print(f"{n} * {n} = {n * n}")

if __name__ == "__main__":
    processes = [Process(target=square, args=(n,)) for n in [1, 2, 3, 4]]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    print("all have ended")
