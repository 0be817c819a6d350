/** What a task throws arrives as it was; a worker that dies harms one task only. */

import { BrokenThreadPool, ThreadPoolExecutor } from "@herd/concurrent";

await using executor = new ThreadPoolExecutor(1);

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError("this is no JSON", { cause });
  }
};
const error = await executor.submit(parse, "{").exception();
if (error instanceof RangeError && error.cause instanceof Error) {
  console.log(`${error.name}: ${error.message}, because of a ${error.cause.name}`);
}

const crash = await executor.submit(() => Deno.exit(3)).exception();
console.log("the worker died:", crash instanceof BrokenThreadPool);

console.log("the next task:", await executor.submit(parse, "[1, 2]"));
