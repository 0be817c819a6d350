/** What the workers of a manager's pool call. */

let greeting = "";

export function greet(text: string): void {
  greeting = text;
}

export function readGreeting(): string {
  return greeting;
}

export function square(n: number): number {
  return n * n;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function fail(text: string): never {
  throw new RangeError(text);
}

export async function later(n: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return n;
}
