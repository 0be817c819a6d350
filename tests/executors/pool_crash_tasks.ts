/** The tasks of `pool_crash_test.ts`: what an item can do to its worker, and to its call. */

/** What {@linkcode act} does at its item. */
export type Deed =
  | "throw"
  | "reject"
  | "Deno.exit"
  | "self.close"
  | "SIGKILL"
  | "throw in a timer"
  | "reject unawaited"
  | "return a function"
  | "return an exiting getter"
  | "return, then exit";

/** Does `deed` at one item, and gives all others back. */
export function act([n, bad, deed]: [n: number, bad: number, deed: Deed]): unknown {
  if (n !== bad) return n;
  switch (deed) {
    case "throw":
      throw new RangeError("thrown in the run");
    case "reject":
      return Promise.reject(new RangeError("rejected in the run"));
    case "Deno.exit":
      return Deno.exit(3);
    case "self.close":
      self.close();
      return forever();
    case "SIGKILL":
      Deno.kill(Deno.pid, "SIGKILL");
      return forever();
    case "throw in a timer":
      setTimeout(() => {
        throw new RangeError("thrown in a timer");
      });
      return forever();
    case "reject unawaited":
      Promise.reject(new RangeError("rejected unawaited"));
      return forever();
    case "return a function":
      return () => n;
    case "return an exiting getter":
      return {
        get value(): never {
          return Deno.exit(9);
        },
      };
    case "return, then exit":
      setTimeout(() => Deno.exit(5));
      return n;
    default:
      return deed satisfies never;
  }
}

function forever(): Promise<never> {
  return new Promise(() => {});
}

/** An initializer that ends its worker. */
export function exitAtStart(): never {
  Deno.exit(3);
}
