/** A thread changes a number and an array in shared memory; the program sees it. */

import { Array as SharedArray, Thread, Value } from "@herd/concurrent";

function change(number: Value<"d">, array: SharedArray<"i">): void {
  number.value = 3.5;
  for (let n = 0; n < array.length; n++) array[n] = -array[n]!;
}

if (import.meta.main) {
  const number = new Value("d", 0);
  const array = new SharedArray("i", [0, 1, 2, 3]);
  const thread = new Thread({ target: change, args: [number, array] });
  thread.start();
  await thread.join();
  console.log(number.value, ...array);
}
