/** A class of processes, which says what they do in `run`. */

import { Process } from "@herd/concurrent";

export class Greeter extends Process {
  static override module = import.meta.url;

  constructor(readonly greeting: string, readonly times: number) {
    super({ name: "greeter" });
  }

  override run(): void {
    for (let n = 1; n <= this.times; n++) console.log(`${this.name}: ${this.greeting} (${n})`);
  }
}

if (import.meta.main) {
  const greeter = new Greeter("hello, herd", 3);
  greeter.start();
  await greeter.join();
}
