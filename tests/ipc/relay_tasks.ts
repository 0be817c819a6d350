/** What is done with streams and sockets in threads and processes. */

export async function change(
  input: ReadableStream<string>,
  output: WritableStream<string>,
): Promise<number> {
  const writer = output.getWriter();
  let count = 0;
  for await (const chunk of input) {
    await writer.write(chunk.toUpperCase());
    count++;
  }
  await writer.close();
  return count;
}

export async function first(input: ReadableStream<string>): Promise<string | undefined> {
  for await (const chunk of input) return chunk;
  return undefined;
}

export async function count(input: ReadableStream<number>, most: number): Promise<number> {
  let count = 0;
  for await (const _ of input) if (++count === most) break;
  return count;
}

export async function fail(output: WritableStream<string>): Promise<void> {
  const writer = output.getWriter();
  await writer.write("one");
  await writer.abort(new Error("given up"));
}

export async function serve(conn: Deno.Conn): Promise<number> {
  const bytes = new Uint8Array(1000);
  for (;;) {
    const count = await conn.read(bytes);
    if (count === null) break;
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    await conn.write(new TextEncoder().encode(text.toUpperCase()));
  }
  const { port } = conn.remoteAddr as Deno.NetAddr;
  conn.close();
  return port;
}

export function give(most: number): ReadableStream<number> {
  let next = 0;
  return new ReadableStream({
    pull(controller) {
      if (next === most) controller.close();
      else controller.enqueue(next++);
    },
  });
}

export async function die(
  input: ReadableStream<number>,
  output: WritableStream<number>,
  conn: Deno.Conn,
): Promise<void> {
  await output.getWriter().write(1);
  await input.getReader().read();
  await conn.write(new Uint8Array(0));
  Deno.kill(Deno.pid, "SIGKILL");
  await new Promise(() => {});
}

export async function echo(conn: Deno.Conn): Promise<void> {
  await conn.readable.pipeTo(conn.writable);
}

/** Answers when it has heard all. */
export async function answer(conn: Deno.Conn): Promise<void> {
  const { length } = await new Response(conn.readable).bytes();
  const writer = conn.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${length} bytes`));
  await writer.close();
}
