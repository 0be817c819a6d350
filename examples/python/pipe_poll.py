from multiprocessing import Event, Pipe, Process

def send(pipe, start):
    start.wait()
    pipe.send("hello")
    pipe.send(42)

if __name__ == "__main__":
    here, there = Pipe()
    start = Event()
    process = Process(target=send, args=(there, start))
    process.start()
    print("before:", here.poll(0.1))
    start.set()
    process.join()
    print("after:", here.poll(0.1))
    print(here.recv())
    print(here.recv())
    print("no more:", here.poll(0.1))
