/** A function over many numbers: the results come in the order of the inputs. */

import { ProcessPoolExecutor } from "@herd/concurrent";

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return n > 1;
}

if (import.meta.main) {
  const numbers = [2147483647, 600851475143, 97, 1000000007];
  await using executor = new ProcessPoolExecutor();
  const primes = await Array.fromAsync(executor.map(isPrime, numbers));
  numbers.forEach((number, n) => console.log(`${number} is prime:`, primes[n]));
}
