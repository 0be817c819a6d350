/**
 * How a realm that Herd has started comes to its end, where it is not told to: everything that could end it
 * passes through here.
 */

/** Who has to know. Each is called before the realm ends, and has to be quick. */
export interface EndWatch {
  /** An error or rejection that nobody has handled; the realm goes on unless it is ended now. */
  uncaught(error: unknown): void;
  /** The realm ends as soon as this returns. */
  exits(how: string, code: number): void;
}

/** Tells of `Deno.exit`, `self.close`, uncaught errors and unhandled rejections. */
export function watchEnd(watch: EndWatch): void {
  const uncaught = (event: Event, error: unknown) => {
    event.preventDefault();
    watch.uncaught(error);
  };
  addEventListener("error", (event) => uncaught(event, (event as ErrorEvent).error));
  addEventListener("unhandledrejection", (event) => {
    uncaught(event, (event as PromiseRejectionEvent).reason);
  });
  const { exit } = Deno;
  Deno.exit = (code?: number): never => {
    watch.exits(`Deno.exit(${code ?? ""})`, code ?? Deno.exitCode);
    return exit(code);
  };
  const { close } = globalThis;
  globalThis.close = () => {
    watch.exits("self.close()", Deno.exitCode);
    close();
  };
}
