from multiprocessing import Array, Process, Value

def change(number, array):
    number.value = 3.5
    for n in range(len(array)):
        array[n] = -array[n]

if __name__ == "__main__":
    number = Value("d", 0)
    array = Array("i", [0, 1, 2, 3])
    process = Process(target=change, args=(number, array))
    process.start()
    process.join()
    print(number.value, *array)
