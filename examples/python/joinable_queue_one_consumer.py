from multiprocessing import JoinableQueue, Process

def work(jobs):
    while True:
        job = jobs.get()
        print("done:", job)
        jobs.task_done()

if __name__ == "__main__":
    jobs = JoinableQueue()
    worker = Process(target=work, args=(jobs,), daemon=True)
    worker.start()
    for job in ["shear", "wash", "spin"]:
        jobs.put(job)
    jobs.join()
    print("all jobs are done")
