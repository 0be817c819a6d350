/** Pages are downloaded in the pool, and parsed in the program, by the callback. */

import { Pool } from "@herd/concurrent";

async function download(url: string): Promise<string> {
  return await (await fetch(url)).text();
}

if (import.meta.main) {
  const page = (request: Request) =>
    new Response(`<title>Page ${new URL(request.url).pathname}</title>`);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, page);
  const { hostname, port } = server.addr;

  const titles: string[] = [];
  const callback = (html: string) => titles.push(/<title>(.*)<\/title>/.exec(html)![1]!);

  const pool = new Pool({ processes: 4, permissions: { net: [`${hostname}:${port}`] } });
  for (let n = 1; n <= 8; n++) {
    pool.apply_async(download, [`http://${hostname}:${port}/${n}`], { callback });
  }
  pool.close();
  await pool.join();
  console.log(titles.sort().join("\n"));
}
