/** A clerk in a thread and one in a child process, each asked through a pipe; a pipe goes through a pipe. */

import {
  type Connection,
  connection,
  EOFError,
  Pipe,
  Process,
  ThreadPoolExecutor,
} from "@herd/concurrent";

/** What a clerk is asked: for the price of a thing, and where the answer goes if not back. */
interface Question {
  readonly thing: string;
  readonly to?: Connection;
}

/** Answers until nobody is left to ask. */
export async function clerk(end: Connection): Promise<void> {
  using _end = end;
  try {
    for (;;) {
      const { thing, to } = await end.recv() as Question;
      await (to ?? end).send(`${thing}: ${thing.length} shillings`);
      to?.close();
    }
  } catch (error) {
    if (!(error instanceof EOFError)) throw error;
  }
}

if (import.meta.main) {
  const [toThread, inThread] = Pipe();
  await using executor = new ThreadPoolExecutor(1);
  const thread = executor.submit(clerk, inThread);

  const [toChild, inChild] = Pipe();
  const child = new Process({ target: clerk, args: [inChild], permissions: "none" });
  child.start();
  // The child has its copy, and should be the only one to have the end.
  inChild.close();

  await toThread.send({ thing: "wool" });
  await toChild.send({ thing: "a bell" });
  const waiting = new Set([toThread, toChild]);
  const answers: unknown[] = [];
  while (waiting.size > 0) {
    for (const end of await connection.wait(waiting)) {
      answers.push(await end.recv());
      waiting.delete(end);
    }
  }
  console.log(answers.toSorted().join("\n"));

  // Both answer to the same end.
  const [answer, to] = Pipe({ duplex: false });
  await toThread.send({ thing: "a lamb", to });
  console.log(await answer.recv());
  await toChild.send({ thing: "a ram", to });
  to.close();
  console.log(await answer.recv());
  await answer.recv().catch((error) => console.log(error instanceof EOFError, "nobody is left"));

  inThread.close();
  toThread.close();
  toChild.close();
  await Promise.all([thread, child.join()]);
  console.log("exit code:", child.exitcode);
}
