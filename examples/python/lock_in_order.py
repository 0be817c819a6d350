from multiprocessing import Lock, Process

def print_page(printer, turn, next_turn):
    turn.acquire()
    print(f"printer {printer}")
    next_turn.release()  # a Lock has no owner: who releases it need not hold it

if __name__ == "__main__":
    turns = [Lock() for _ in range(21)]
    for turn in turns:
        turn.acquire()
    printers = [
        Process(target=print_page, args=(n + 1, turns[n], turns[n + 1])) for n in range(20)
    ]
    for printer in reversed(printers):
        printer.start()
    turns[0].release()
    for printer in printers:
        printer.join()
