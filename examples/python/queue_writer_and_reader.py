from multiprocessing import Event, Process, Queue

def write(letters):
    for letter in "ABC":
        print("put", letter)
        letters.put(letter)

def read(letters, read_all):
    while True:
        letter = letters.get()
        print("got", letter)
        if letter == "C":
            read_all.set()

if __name__ == "__main__":
    letters = Queue()
    read_all = Event()
    writer = Process(target=write, args=(letters,))
    reader = Process(target=read, args=(letters, read_all))
    writer.start()
    reader.start()
    writer.join()
    read_all.wait()
    reader.terminate()
    reader.join()
    print("exit codes:", writer.exitcode, reader.exitcode)
