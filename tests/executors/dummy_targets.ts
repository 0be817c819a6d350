/** What the threads of `dummy_test.ts` do. */

import { dummy } from "../../mod.ts";
import type { Queue } from "../../mod.ts";

/** Tells of its children before and after it starts one. */
export async function tellChildren(told: Queue<string[]>): Promise<void> {
  const names = () => dummy.active_children().map(({ name }) => name);
  await told.put(names());
  const child = new dummy.Process();
  child.start();
  await told.put(names());
  await child.join();
}

export class Greeter extends dummy.Process {
  static override readonly module = import.meta.url;
  readonly told: Queue<unknown>;
  readonly greeting: string;

  constructor(told: Queue<unknown>, greeting: string) {
    super();
    this.told = told;
    this.greeting = greeting;
  }

  override async run(): Promise<void> {
    const isCurrent = dummy.current_process() === this;
    await this.told.put([this.greeting, this.name, isCurrent, this.exitcode]);
  }
}
