/**
 * Counts primes with a bar on the terminal, and writes a trace of who did what and when. Open it at
 * https://ui.perfetto.dev or chrome://tracing:
 *
 *     deno run -R -W examples/trace.ts trace.json
 */

import { as_completed, progress, ThreadPoolExecutor } from "@herd/concurrent";

function countPrimes(from: number, to: number): number {
  let count = 0;
  for (let n = Math.max(from, 2); n < to; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n && isPrime; d++) isPrime = n % d !== 0;
    if (isPrime) count++;
  }
  return count;
}

const [file = "trace.json"] = Deno.args;
await using executor = new ThreadPoolExecutor(2);
executor.trace(file);

const STEP = 100_000;
const futures = Array.from(
  { length: 20 },
  (_, i) => executor.submit(countPrimes, i * STEP, (i + 1) * STEP),
);
let primes = 0;
for await (const future of progress(as_completed(futures), { total: 20, label: "Primes" })) {
  primes += await future;
}
console.log(`${primes} primes below ${20 * STEP}; the trace is in ${file}`);
