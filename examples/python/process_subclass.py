from multiprocessing import Process

class Greeter(Process):
    def __init__(self, greeting, times):
        super().__init__(name="greeter")
        self.greeting = greeting
        self.times = times

    def run(self):
        for n in range(1, self.times + 1):
            print(f"{self.name}: {self.greeting} ({n})")

if __name__ == "__main__":
    greeter = Greeter("hello, herd", 3)
    greeter.start()
    greeter.join()
