/**
 * The bar itself, drawn by `cli-progress`; loaded when there is a terminal to draw it on.
 */

// @ts-types="./_cli_progress.d.ts"
import { type Options, Presets, SingleBar } from "cli-progress";

/** A bar that is left half done does not keep the program alive. */
class UnheldBar extends SingleBar {
  override render(): void {
    super.render();
    this.timer?.unref?.();
  }
}

/** What a bar shows. */
export interface BarOptions {
  readonly total: number | undefined;
  readonly label: string;
  /** When the first item was waited for, by `performance.now()`. */
  readonly begun: number;
}

/** See the head of the file. */
export class ProgressBar {
  readonly #bar: SingleBar;
  readonly #begun: number;

  /** Draws the bar; without `total` there is but a count. */
  constructor({ total, label, begun }: BarOptions) {
    this.#begun = begun;
    const head = label === "" ? "" : `${label.replaceAll("{", "(").replaceAll("}", ")")} `;
    const bar = total === undefined
      ? "{value} | {rate}/s | {duration_formatted}"
      : "[{bar}] {percentage}% | {value}/{total} | {rate}/s | {eta_formatted} left";
    const options: Options = {
      format: head + bar,
      // Ctrl-C ends the program as ever, and there must be nothing that it leaves behind.
      gracefulExit: false,
      hideCursor: false,
      linewrap: true,
      // The last items may all come at once.
      etaBuffer: 100,
    };
    this.#bar = new UnheldBar(options, Presets.shades_classic);
    this.#bar.start(total ?? 0, 0, { rate: "0" });
  }

  /** There were `count` items so far. */
  update(count: number): void {
    const seconds = (performance.now() - this.#begun) / 1000;
    const rate = count / Math.max(seconds, 0.001);
    this.#bar.update(count, { rate: rate >= 10 ? rate.toFixed(0) : rate.toFixed(1) });
  }

  /** Leaves the bar as it is, and the terminal on a new line. */
  stop(): void {
    this.#bar.stop();
  }
}
