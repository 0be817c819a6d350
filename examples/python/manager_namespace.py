from multiprocessing import Manager, Process

def change(weather):
    weather.wind = "north"
    weather.degrees -= 10

if __name__ == "__main__":
    with Manager() as manager:
        weather = manager.Namespace(wind="south", degrees=14)
        process = Process(target=change, args=(weather,))
        process.start()
        process.join()
        print(weather.wind, weather.degrees)
