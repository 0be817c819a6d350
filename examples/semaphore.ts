/** Five seats, and thirteen visitors in two threads; then a child process that dies in its seats. */

import { Event, Process, Semaphore, ThreadPoolExecutor } from "@herd/concurrent";

/** How many are inside while this visitor is. */
export async function visit(seats: Semaphore, inside: Int32Array): Promise<number> {
  using _seat = await seats.hold();
  const visitors = Atomics.add(inside, 0, 1) + 1;
  await new Promise((resolve) => setTimeout(resolve, 5));
  Atomics.sub(inside, 0, 1);
  return visitors;
}

/** Takes three seats and stays. */
export async function stay(seats: Semaphore, seated: Event, closing: Event): Promise<void> {
  for (let n = 0; n < 3; n++) await seats.acquire();
  await seated.set();
  await closing.wait();
}

if (import.meta.main) {
  const seats = new Semaphore(5);

  await using executor = new ThreadPoolExecutor({ max_workers: 2, concurrency: 13 });
  const inside = new Int32Array(new SharedArrayBuffer(4));
  const visits = Array.from({ length: 13 }, () => executor.submit(visit, seats, inside));
  const seen = await Promise.all(visits);
  console.log("visits:", seen.length, "and never more than 5 inside:", Math.max(...seen) <= 5);

  const seated = new Event();
  const group = new Process({
    target: stay,
    args: [seats, seated, new Event()],
    permissions: "none",
  });
  group.start();
  await seated.wait();
  console.log("free seats:", await seats.get_value());

  group.kill();
  await group.join();
  console.log("free seats, after the process has died:", await seats.get_value());
}
