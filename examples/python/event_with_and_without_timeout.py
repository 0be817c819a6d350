from multiprocessing import Event, Process

def wait(event):
    print("the patient one:", event.wait())

def wait_briefly(event, timeout):
    print("the impatient one:", event.wait(timeout))

if __name__ == "__main__":
    event = Event()
    patient = Process(target=wait, args=(event,))
    impatient = Process(target=wait_briefly, args=(event, 0.1))
    patient.start()
    impatient.start()
    impatient.join()
    print("the event is set")
    event.set()
    patient.join()
