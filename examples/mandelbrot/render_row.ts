/** The work of the Mandelbrot example. */

import { transfer } from "@herd/concurrent";

/** Which row of which picture. */
export interface Row {
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const MOST_STEPS = 1000;
/** What the picture shows: its centre, and how high it is. */
const VIEW = { x: -0.65, y: 0, height: 2.5 };

/** Computes a row of pixels: red, green and blue, a byte each. The row is moved, not copied. */
export function renderRow({ y, width, height }: Row): Uint8Array<ArrayBuffer> {
  const scale = VIEW.height / height;
  const pixels = new Uint8Array(3 * width);
  for (let x = 0; x < width; x++) {
    const steps = stepsToEscape(
      VIEW.x + (x + 0.5 - width / 2) * scale,
      VIEW.y + (y + 0.5 - height / 2) * scale,
    );
    pixels.set(colourOf(steps), 3 * x);
  }
  return transfer(pixels);
}

/** How long z² + c takes to leave the circle of radius 16, smoothly; `Infinity` when it never does. */
function stepsToEscape(cx: number, cy: number): number {
  let x = 0, y = 0, xx = 0, yy = 0;
  for (let step = 0; step < MOST_STEPS; step++) {
    y = 2 * x * y + cy;
    x = xx - yy + cx;
    xx = x * x;
    yy = y * y;
    if (xx + yy > 256) return step + 2 - Math.log2(Math.log2(xx + yy) / 2);
  }
  return Infinity;
}

/** Black inside the set; outside, waves of colour that get shorter towards it. */
function colourOf(steps: number): [red: number, green: number, blue: number] {
  if (steps === Infinity) return [0, 0, 0];
  const phase = 3.2 + 2.2 * Math.log2(Math.max(1, steps));
  const wave = (shift: number) => Math.round(127.5 - 127.5 * Math.cos(phase - shift));
  return [wave(1.6), wave(0.9), wave(0)];
}
