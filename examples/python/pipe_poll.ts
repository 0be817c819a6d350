/** A process sends twice; the program looks whether there is something, for no longer than it wants to wait. */

import { type Connection, Event, Pipe, Process } from "@herd/concurrent";

async function send(pipe: Connection, start: Event): Promise<void> {
  await start.wait();
  await pipe.send("hello");
  await pipe.send(42);
}

if (import.meta.main) {
  const [here, there] = Pipe();
  const start = new Event();
  const process = new Process({ target: send, args: [there, start] });
  process.start();
  console.log("before:", await here.poll(100));
  await start.set();
  await process.join();
  console.log("after:", await here.poll(100));
  console.log(await here.recv());
  console.log(await here.recv());
  console.log("no more:", await here.poll(100));
}
