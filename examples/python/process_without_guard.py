from multiprocessing import Process, current_process, set_start_method

def greet():
    print(f"hello from {current_process().name}")

set_start_method("spawn", force=True)  # as on macOS and Windows
process = Process(target=greet)
process.start()
process.join()
print("exit code:", process.exitcode)
