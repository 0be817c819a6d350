from multiprocessing import Queue
from queue import Empty, Full

sheep = Queue(3)
for name in ["ewe", "lamb", "ram"]:
    sheep.put(name)
print("full:", sheep.full())
try:
    sheep.put_nowait("wolf")
except Full:
    print("no room for the wolf:", True)
for _ in range(3):
    print(sheep.get())
print("empty:", sheep.empty())
try:
    sheep.get(timeout=0.1)
except Empty:
    print("nobody there:", True)
