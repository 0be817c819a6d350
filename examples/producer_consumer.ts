/** Two threads and a child process look for primes; the queue ends when all numbers are in it. */

import { Process, Queue, ThreadPoolExecutor } from "@herd/concurrent";

/** Puts those of the numbers that are prime. */
export async function sift(numbers: Queue<number>, primes: Queue<number>): Promise<void> {
  for await (const n of numbers) {
    let isPrime = n > 1;
    for (let d = 2; isPrime && d * d <= n; d++) isPrime = n % d !== 0;
    if (isPrime) await primes.put(n);
  }
}

if (import.meta.main) {
  // Not more than ten numbers ahead of those who sift.
  const numbers = new Queue<number>(10);
  const primes = new Queue<number>();

  await using executor = new ThreadPoolExecutor(2);
  const threads = [1, 2].map(() => executor.submit(sift, numbers, primes));
  const child = new Process({ target: sift, args: [numbers, primes], permissions: "none" });
  child.start();

  for (let n = 0; n < 1000; n++) await numbers.put(n);
  await numbers.shutdown();
  await Promise.all([...threads, child.join()]);
  await primes.shutdown();

  const found: number[] = [];
  for await (const prime of primes) found.push(prime);
  found.sort((a, b) => a - b);
  console.log(`${found.length} primes, from ${found[0]} to ${found.at(-1)}`);
}
