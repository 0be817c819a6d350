/** A server that sends back in capitals what it gets: four processes serve fifty clients. */

import { ProcessPoolExecutor } from "@herd/concurrent";

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
  await using executor = new ProcessPoolExecutor({ max_workers: 4, permissions: "none" });
  const clients = [];
  for await (const client of listener) clients.push(executor.submit(serve, client));
  await Promise.all(clients);
  return clients.length;
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
  console.log("clients that were served:", await served);
}
