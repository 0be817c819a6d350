import time
from multiprocessing import Lock, Process

def print_pages(printer, lock):
    with lock:
        for page in ["first", "second", "third"]:
            print(f"printer {printer}: {page} page")
            time.sleep(0.005)

if __name__ == "__main__":
    lock = Lock()
    printers = [Process(target=print_pages, args=(n + 1, lock)) for n in range(20)]
    for printer in printers:
        printer.start()
    for printer in printers:
        printer.join()
