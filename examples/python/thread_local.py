from threading import Thread, local

visitor = local()

def greet():
    print(f"hello, {visitor.name}\n", end="")

def serve(name):
    visitor.name = name
    greet()

if __name__ == "__main__":
    visitor.name = "shepherd"
    threads = [Thread(target=serve, args=(name,)) for name in ["ewe", "ram"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    greet()
