from multiprocessing import JoinableQueue, Process, current_process

def work(jobs):
    while True:
        job = jobs.get()
        print(f"{current_process().name}: job {job}")
        jobs.task_done()

if __name__ == "__main__":
    jobs = JoinableQueue()
    for n in range(1, 4):
        Process(target=work, args=(jobs,), name=f"worker {n}", daemon=True).start()
    for job in range(1, 10):
        jobs.put(job)
    jobs.join()
    print("all jobs are done")
