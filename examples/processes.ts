/** Processes by themselves: one that greets, one that fails, one that has to be stopped. */

import { current_process, Process } from "@herd/concurrent";

export function greet(name: string): void {
  console.log(`${current_process().name}: hello, ${name}`);
}

if (import.meta.main) {
  const greeter = new Process({ target: greet, args: ["herd"] });
  greeter.start();
  await greeter.join();
  console.log("exit code:", greeter.exitcode);

  const failing = new Process({ target: () => Deno.exit(3), permissions: "none" });
  failing.start();
  await failing.join();
  console.log("exit code:", failing.exitcode);

  const endless = new Process({
    name: "endless",
    target: () => {
      for (;;);
    },
  });
  endless.start();
  await endless.join(100);
  console.log("still running:", endless.is_alive());
  endless.terminate();
  await endless.join();
  console.log("exit code:", endless.exitcode);
}
