/** Both ends of a pipe send and receive: a greeting, and the answer to it. */

import { type Connection, Pipe, Process } from "@herd/concurrent";

async function answer(pipe: Connection): Promise<void> {
  console.log("child got:", await pipe.recv());
  await pipe.send("hello, parent");
}

if (import.meta.main) {
  const [here, there] = Pipe();
  const process = new Process({ target: answer, args: [there] });
  process.start();
  await here.send("hello, child");
  console.log("parent got:", await here.recv());
  await process.join();
}
