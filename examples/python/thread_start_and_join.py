from threading import Thread, current_thread

def greet(name):
    print(f"{current_thread().name}: hello, {name}\n", end="")

if __name__ == "__main__":
    threads = [
        Thread(target=greet, args=(name,), name=f"thread {n}")
        for n, name in enumerate(["ewe", "lamb", "ram"])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("all have ended:", not any(thread.is_alive() for thread in threads))
