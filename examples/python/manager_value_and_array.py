from multiprocessing import Manager, Process

def change(number, array):
    number.value = 3.5
    for n in range(len(array)):
        array[n] = -array[n]

if __name__ == "__main__":
    with Manager() as manager:
        number = manager.Value("d", 0.0)
        array = manager.Array("i", [0, 1, 2, 3])
        process = Process(target=change, args=(number, array))
        process.start()
        process.join()
        print(number.value, *array)
