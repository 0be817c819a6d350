/**
 * Reads random streams and lets random handshakes fail, for as long as one likes; what is found is printed
 * with the seed that finds it again.
 *
 * ```sh
 * deno task fuzz [SECONDS] [SEED]
 * ```
 */

import { fuzzFrames, fuzzHandshake } from "../tests/support/wire_fuzz.ts";

const [seconds = "60", seed = String(Date.now() % 2 ** 31)] = Deno.args;
const half = Number(seconds) * 500;
if (!(half > 0) || !Number.isInteger(Number(seed))) {
  console.error(`Cannot fuzz: a number of seconds and a whole number as seed are wanted`);
  Deno.exit(2);
}
console.log(`seed ${seed}, ${seconds} s`);
console.log(`streams of frames: ${await fuzzFrames(Number(seed), half)}`);
console.log(`handshakes: ${await fuzzHandshake(Number(seed), half)}`);
