/**
 * Reads a number from the command line.
 *
 * @throws {RangeError} Saying what is wanted.
 */
export function wholeNumber(
  option: string,
  text: string,
  { least, most = Number.MAX_SAFE_INTEGER }: { least: number; most?: number },
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const to = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  throw new RangeError(`${option} wants a whole number from ${least}${to}, not ${text}`);
}
