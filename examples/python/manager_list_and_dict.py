from multiprocessing import Manager, Process

def change(sheep, ages):
    sheep.append("lamb")
    sheep.reverse()
    ages["lamb"] = 0
    del ages["ram"]

if __name__ == "__main__":
    with Manager() as manager:
        sheep = manager.list(["ewe", "ram"])
        ages = manager.dict({"ewe": 5, "ram": 7})
        process = Process(target=change, args=(sheep, ages))
        process.start()
        process.join()
        for name in sheep:
            print(name)
        for name, age in ages.items():
            print(f"{name}: {age}")
