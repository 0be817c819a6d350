import { type Contender, noWorkers } from "./contender.ts";

/** What anyone can write by hand to run programs: as many loops as there may be at once. */
export const loop: Contender = {
  settings: "hand-written loops over Deno.Command.output(), decoding both outputs",
  start: noWorkers,
  async runPrograms(count, limit) {
    const decoder = new TextDecoder();
    let left = count;
    const one = async () => {
      while (left-- > 0) {
        const { code, signal, stdout, stderr } = await new Deno.Command("true", { stdin: "null" })
          .output();
        const result = {
          code,
          signal,
          stdout: decoder.decode(stdout),
          stderr: decoder.decode(stderr),
        };
        if (result.code !== 0) throw new Error(`true ended with code ${code}`);
      }
    };
    await Promise.all(Array.from({ length: limit }, one));
  },
};
