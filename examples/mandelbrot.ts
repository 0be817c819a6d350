/**
 * Renders the Mandelbrot set as a PNG, row by row over a pool of workers.
 *
 * ```sh
 * deno task mandelbrot [OUT.png] [--width NUMBER] [--height NUMBER] [--workers NUMBER]
 * ```
 */

import { parseArgs } from "node:util";
import { task, ThreadPoolExecutor } from "@herd/concurrent";
import { encode } from "npm:fast-png@^8.0.0";
import { renderRow } from "./mandelbrot/render_row.ts";
import { wholeNumber } from "./whole_number.ts";

async function render(width: number, height: number, workers: number): Promise<Uint8Array> {
  const data = new Uint8Array(3 * width * height);
  const rows = Array.from({ length: height }, (_, y) => ({ y, width, height }));
  await using executor = new ThreadPoolExecutor(workers);
  let at = 0;
  const row = task(import.meta.resolve("./mandelbrot/render_row.ts"), renderRow);
  for await (const pixels of executor.map(row, rows)) {
    data.set(pixels, at);
    at += pixels.length;
  }
  return encode({ width, height, data, channels: 3 });
}

function readArguments(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      width: { type: "string", default: "1200" },
      height: { type: "string", default: "800" },
      workers: { type: "string", default: String(navigator.hardwareConcurrency) },
    },
  });
  return {
    out: positionals[0] ?? "mandelbrot.png",
    width: wholeNumber("--width", values.width, { least: 1, most: 20_000 }),
    height: wholeNumber("--height", values.height, { least: 1, most: 20_000 }),
    workers: wholeNumber("--workers", values.workers, { least: 1 }),
  };
}

try {
  const { out, width, height, workers } = readArguments(Deno.args);
  const begin = performance.now();
  await Deno.writeFile(out, await render(width, height, workers));
  const time = ((performance.now() - begin) / 1000).toFixed(2);
  console.log(`${out}: ${width} × ${height} pixels, ${time} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exitCode = 1;
}
