/** One process writes to a queue, another reads for ever, and is terminated when it has read all. */

import { Event, Process, Queue } from "@herd/concurrent";

export async function write(letters: Queue<string>): Promise<void> {
  for (const letter of "ABC") {
    console.log("put", letter);
    await letters.put(letter);
  }
}

export async function read(letters: Queue<string>, readAll: Event): Promise<void> {
  for (;;) {
    const letter = await letters.get();
    console.log("got", letter);
    if (letter === "C") await readAll.set();
  }
}

if (import.meta.main) {
  const letters = new Queue<string>();
  const readAll = new Event();
  const writer = new Process({ target: write, args: [letters] });
  const reader = new Process({ target: read, args: [letters, readAll] });
  writer.start();
  reader.start();
  await writer.join();
  await readAll.wait();
  reader.terminate();
  await reader.join();
  console.log("exit codes:", writer.exitcode, reader.exitcode);
}
