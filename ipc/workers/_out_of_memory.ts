/**
 * What is said of a worker that ran out of memory, whatever kind it is.
 *
 * @param limit Its `memoryLimit`, if it has one.
 * @param signal The signal that ended it, if one did.
 */
export function outOfMemory(limit: number | undefined, signal?: Deno.Signal): string {
  const whose = limit === undefined
    ? "V8's own limit, since memoryLimit sets no other"
    : `its memoryLimit of ${limit} MB`;
  const by = signal === undefined ? "" : ` (${signal})`;
  return `ran out of memory${by}: its heap outgrew ${whose}`;
}
