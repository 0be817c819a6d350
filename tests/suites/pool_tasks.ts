/** What the pool tests run in workers, beside the tasks of the executor suite. */

import { divide, exit, pass, type Ticket } from "./executor_tasks.ts";

/** Waits at a gate, or does nothing when there is none. */
export function passOr(ticket: Ticket | null): string {
  if (ticket === null) return "quick";
  pass(ticket);
  return "passed";
}

/** Waits at a gate, if there is one, and gives a number back. */
export function passThen([ticket, n]: [Ticket | null, number]): number {
  return ticket === null ? n : pass(ticket, n)!;
}

/** Divides 1. */
export function divideOneBy(n: number): number {
  return divide(1, n);
}

/** Ends its worker at item 1. */
export function exitAtOne(n: number): number {
  return n === 1 ? exit(4) : n;
}
