from multiprocessing import Barrier, Process

def announce():
    print("all regions are done")

def simulate(region, barrier):
    for phase in ["weather", "growth", "grazing"]:
        print(f"{phase} in the {region}")
        barrier.wait()

if __name__ == "__main__":
    barrier = Barrier(3, action=announce)
    regions = [
        Process(target=simulate, args=(region, barrier))
        for region in ["hills", "plains", "marshes"]
    ]
    for region in regions:
        region.start()
    for region in regions:
        region.join()
