/** `a Lock`, `an RLock`: a class's name as messages have it. */
export function withArticle(name: string): string {
  return `${/^(?:[AEIO]|R[A-Z])/.test(name) ? "an" : "a"} ${name}`;
}
