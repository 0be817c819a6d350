/**
 * A server that sends back in capitals what it gets, and two clients of its, of which one has a wrong key.
 *
 * ```sh
 * deno run -R --allow-net=127.0.0.1 examples/echo_server.ts
 * ```
 *
 * Clients may be Python's, too:
 *
 * ```py
 * from multiprocessing.connection import Client
 * with Client(("127.0.0.1", PORT), authkey=b"wool") as c:
 *     c.send_bytes(b"hello")
 *     print(c.recv_bytes())
 * ```
 */

import { connection, EOFError } from "@herd/concurrent";

const authkey = new TextEncoder().encode("wool");

/** Serves one client until it hangs up. */
async function echo(client: connection.Connection): Promise<void> {
  using server = client;
  try {
    for (;;) {
      const text = new TextDecoder().decode(await server.recv_bytes(1000));
      await server.send_bytes(new TextEncoder().encode(text.toUpperCase()));
    }
  } catch (error) {
    if (!(error instanceof EOFError)) console.error("a client is dropped:", error);
  }
}

/** Serves all that have the key, at the same time, until the listener is closed. */
async function serve(listener: connection.Listener): Promise<void> {
  const serving: Promise<void>[] = [];
  for await (const client of listener) serving.push(echo(client));
  await Promise.all(serving);
}

if (import.meta.main) {
  const listener = new connection.Listener({ address: ["127.0.0.1", 0], authkey });
  const served = serve(listener);

  const client = await connection.Client(listener.address, { authkey });
  for (const word of ["hello", "", "sheep"]) {
    await client.send_bytes(new TextEncoder().encode(word));
    console.log(JSON.stringify(new TextDecoder().decode(await client.recv_bytes())));
  }
  client.close();

  const guess = new TextEncoder().encode("cotton");
  await connection.Client(listener.address, { authkey: guess })
    .catch((error) => console.log(error.name));

  listener.close();
  await served;
  console.log("served");
}
