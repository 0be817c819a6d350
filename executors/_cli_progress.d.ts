/** The part of `cli-progress` that is used here; its own types would bring all of Node's along. */

/** How a bar looks and behaves. */
export interface Options {
  format: string;
  gracefulExit: boolean;
  hideCursor: boolean;
  linewrap: boolean;
  etaBuffer: number;
}

/** The looks of bars. */
export const Presets: { readonly shades_classic: object };

/** One bar. */
export class SingleBar {
  constructor(options: Options, preset: object);
  /** When it is drawn next. */
  protected timer: { unref?(): void } | null;
  start(total: number, value: number, payload: object): void;
  update(value: number, payload: object): void;
  stop(): void;
  render(): void;
}
