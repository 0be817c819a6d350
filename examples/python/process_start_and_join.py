from multiprocessing import Process

def greet(name):
    print(f"hello, {name}")

if __name__ == "__main__":
    process = Process(target=greet, args=("herd",))
    process.start()
    process.join()
    print("exit code:", process.exitcode)
