/**
 * Keeps standard input, where it is a child's channel, from user code and from the programs that it
 * starts: both see an input that has ended.
 *
 * What this does not reach, such as a Worker within the child that reads standard input, would take
 * bytes away from the channel, which breaks then.
 */

import type { ByteSource } from "../bytes/_frame_pump.ts";

/** The standard input, for one reader alone. */
export function takeStandardInput(): ByteSource {
  const { stdin, Command } = Deno;
  const read = stdin.read.bind(stdin);
  Object.defineProperties(stdin, {
    read: { value: () => Promise.resolve(null) },
    readSync: { value: () => null },
    readable: { get: () => new Blob([]).stream() },
    close: { value: () => {} },
  });
  class PrivateCommand extends Command {
    constructor(command: string | URL, options?: Deno.CommandOptions) {
      const { stdin = "inherit" } = options ?? {};
      super(command, stdin === "inherit" ? { ...options, stdin: "null" } : options);
    }
  }
  Object.defineProperty(PrivateCommand, "name", { value: "Command" });
  Object.defineProperty(Deno, "Command", {
    value: PrivateCommand,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  return { read };
}
