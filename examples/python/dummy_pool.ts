/** A pool of threads by the names of `multiprocessing`, for work that waits: downloads. */

import { dummy } from "@herd/concurrent";

async function download(url: string): Promise<number> {
  return (await (await fetch(url)).text()).length;
}

if (import.meta.main) {
  const page = (request: Request) => new Response("wool".repeat(Number(request.url.at(-1))));
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, page);
  const { hostname, port } = server.addr;

  const urls = [1, 2, 3, 4, 5, 6].map((n) => `http://${hostname}:${port}/${n}`);
  await using pool = new dummy.Pool(3);
  console.log(...await pool.map(download, urls));
}
