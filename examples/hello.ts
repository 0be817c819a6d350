import { ThreadPoolExecutor } from "@herd/concurrent";

await using executor = new ThreadPoolExecutor();
const sum = executor.submit((a: number, b: number) => a + b, 40, 2);
console.log(await sum);

const squares = executor.map((n: number) => n * n, [1, 2, 3]);
for await (const square of squares) console.log(square);
