/** A server that sends back in capitals what it gets: a process for each of fifty clients. */

import { Process } from "@herd/concurrent";

/** Answers one client until it hangs up. */
async function serve(client: Deno.TcpConn): Promise<void> {
  const toUpperCase = new TransformStream<string, string>({
    transform: (text, answer) => answer.enqueue(text.toUpperCase()),
  });
  await client.readable
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(toUpperCase)
    .pipeThrough(new TextEncoderStream())
    .pipeTo(client.writable);
}

async function serveAll(listener: Deno.TcpListener): Promise<number> {
  const processes: Process[] = [];
  for await (const client of listener) {
    const process = new Process({ target: serve, args: [client], permissions: "none" });
    process.start();
    processes.push(process);
  }
  for (const process of processes) await process.join();
  return processes.filter(({ exitcode }) => exitcode === 0).length;
}

async function ask({ hostname, port }: Deno.NetAddr, question: string): Promise<string> {
  const server = await Deno.connect({ hostname, port });
  await server.write(new TextEncoder().encode(question));
  await server.closeWrite();
  return await new Response(server.readable).text();
}

if (import.meta.main) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = serveAll(listener);

  const questions = Array.from({ length: 50 }, (_, n) => `client ${n}`);
  const answers = await Promise.all(questions.map((text) => ask(listener.addr, text)));
  console.log("answered rightly:", answers.filter((text, n) => text === `CLIENT ${n}`).length);

  listener.close();
  console.log("processes that have ended well:", await served);
}
