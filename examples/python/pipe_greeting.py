from multiprocessing import Pipe, Process

def answer(pipe):
    print("child got:", pipe.recv())
    pipe.send("hello, parent")

if __name__ == "__main__":
    here, there = Pipe()
    process = Process(target=answer, args=(there,))
    process.start()
    here.send("hello, child")
    print("parent got:", here.recv())
    process.join()
