/** What the tests of shared objects have done in other realms. */

/** A wrong call. */
export type Wrong = readonly [method: string, args: readonly unknown[]];

/** What the calls rejected with. */
export async function misuse(object: object, wrongs: readonly Wrong[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const [method, args] of wrongs) {
    try {
      const fn = Reflect.get(object, method) as (...args: unknown[]) => Promise<unknown>;
      const value = await fn.apply(object, args as unknown[]);
      errors.push(`nothing: it resolved to ${value}`);
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
