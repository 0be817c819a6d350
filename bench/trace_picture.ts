/**
 * Draws a trace as plain SVG, for pages that can't load it into a viewer:
 *
 *     deno run -R bench/trace_picture.ts trace.json > trace.svg
 */

interface TraceEvent {
  readonly ph: string;
  readonly cat?: string;
  readonly name: string;
  readonly tid: number;
  readonly id?: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
}

/** A slice of a lane, in microseconds. */
interface Slice {
  readonly start: number;
  readonly end: number;
}

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 20;
const ROW = 22;
const WAIT_ROW = 4;
const TICKS = 5;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .quiet { fill: #59636e; font-size: 11px; }
  .run { fill: #0a7f5a; stroke: #ffffff; stroke-width: 1; }
  .wait { fill: #c49a3a; }
  line { stroke: #8c959f; stroke-opacity: 0.4; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .run { fill: #2fbf8f; stroke: #0d1117; }
  }
`;

function lanesOf(events: readonly TraceEvent[]): Map<string, Slice[]> {
  const names = events.filter(({ name }) => name === "thread_name");
  return new Map(names.map(({ tid, args }) => [
    args?.name ?? "",
    events.filter((event) => event.ph === "X" && event.tid === tid)
      .map(({ ts, dur = 0 }) => ({ start: ts, end: ts + dur })),
  ]));
}

function waitsOf(events: readonly TraceEvent[]): Slice[] {
  const ends = new Map(events.filter(({ ph }) => ph === "e").map(({ id, ts }) => [id, ts]));
  return events.filter(({ ph }) => ph === "b")
    .map(({ id, ts }) => ({ start: ts, end: ends.get(id) ?? ts }))
    .sort((a, b) => a.end - b.end);
}

function draw(events: readonly TraceEvent[]): string {
  const lanes = lanesOf(events);
  const waits = waitsOf(events);
  const all = [...waits, ...[...lanes.values()].flat()];
  const first = Math.min(...all.map(({ start }) => start));
  const last = Math.max(...all.map(({ end }) => end));
  const x = (time: number) => LEFT + (time - first) / (last - first) * (WIDTH - LEFT - RIGHT);
  const bar = ({ start, end }: Slice, y: number, height: number, kind: string) =>
    `<rect class="${kind}" x="${x(start).toFixed(1)}" y="${y}" ` +
    `width="${Math.max(0.5, x(end) - x(start)).toFixed(1)}" height="${height}"/>`;

  const parts: string[] = [];
  let y = 10;
  for (const [name, slices] of [...lanes].sort(([a], [b]) => a.localeCompare(b))) {
    parts.push(`<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${name}</text>`);
    parts.push(...slices.map((slice) => bar(slice, y, ROW - 4, "run")));
    y += ROW;
  }
  y += 8;
  parts.push(`<text x="${LEFT - 10}" y="${y + 12}" text-anchor="end" class="quiet">waits</text>`);
  for (const wait of waits) {
    parts.push(bar(wait, y, WAIT_ROW - 1, "wait"));
    y += WAIT_ROW;
  }
  const span = (last - first) / 1000;
  for (let tick = 0; tick <= TICKS; tick++) {
    const at = x(first + (last - first) * tick / TICKS);
    parts.unshift(`<line x1="${at}" x2="${at}" y1="6" y2="${y + 4}"/>`);
    const label = `${Math.round(span * tick / TICKS)} ms`;
    parts.push(`<text class="quiet" x="${at}" y="${y + 18}" text-anchor="middle">${label}</text>`);
  }
  const height = y + 28;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}"><style>${STYLE}</style>\n${parts.join("\n")}\n</svg>\n`;
}

const [file] = Deno.args;
if (file === undefined) throw new TypeError("Cannot draw: name the file of the trace");
await Deno.stdout.write(new TextEncoder().encode(draw(JSON.parse(await Deno.readTextFile(file)))));
