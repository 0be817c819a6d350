from multiprocessing import Condition, Event, Process

def first(stage, done):
    with stage:
        print("first stage: done")
        done.set()
        stage.notify_all()

def second(worker, stage, done):
    with stage:
        stage.wait_for(done.is_set)
        print(f"second stage: worker {worker} begins")

if __name__ == "__main__":
    stage = Condition()
    done = Event()
    processes = [
        Process(target=second, args=(1, stage, done)),
        Process(target=second, args=(2, stage, done)),
        Process(target=first, args=(stage, done)),
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
