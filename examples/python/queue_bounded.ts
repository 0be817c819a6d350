/** A queue with room for three. */

import { Empty, Full, Queue } from "@herd/concurrent";

const sheep = new Queue<string>(3);
for (const name of ["ewe", "lamb", "ram"]) await sheep.put(name);
console.log("full:", await sheep.full());
try {
  await sheep.put_nowait("wolf");
} catch (error) {
  console.log("no room for the wolf:", error instanceof Full);
}
for (let n = 0; n < 3; n++) console.log(await sheep.get());
console.log("empty:", await sheep.empty());
try {
  await sheep.get({ timeout: 100 });
} catch (error) {
  console.log("nobody there:", error instanceof Empty);
}
