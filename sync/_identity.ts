/**
 * Who holds and who waits: a realm, and in it a task.
 *
 * Tasks that a realm runs at the same time are told apart by what the layers above know of them. Code
 * outside any task is one owner. A realm may act for another, which has no access to the memory itself.
 */

import { checkAlive, thisRealm } from "./_realm.ts";
import { callingTask } from "./_task_source.ts";

/** An owner. */
export interface Identity {
  /** The realm's number. */
  readonly realm: number;
  /** The task's number, of its own in that realm; 0 outside any. */
  readonly task: number;
  /** What it is called, for people; where it is not this realm. */
  readonly name?: () => string;
}

const numbers = new WeakMap<object, number>();
let last = 0;
let other: Identity | undefined;

/** Whether the caller acts for itself. */
export function isSelf(): boolean {
  return other === undefined;
}

/** What the one is called that the caller acts for; `undefined` where it acts for itself. */
export function nameOfOther(): string | undefined {
  return other && (other.name?.() ?? "another process");
}

/** Who the caller is, or acts for. */
export function whoCalls(): Identity {
  return other ?? { realm: thisRealm().id, task: thisTask() };
}

/** The number of the realm of who the caller is, or acts for. */
export function callingRealm(): number {
  return other === undefined ? thisRealm().id : other.realm;
}

/** For whom the caller acts: the number of another realm, or 0 for itself, and the task in it. */
export function actsFor(): Identity {
  return other ?? { realm: 0, task: thisTask() };
}

/**
 * Calls `fn`, which acts for `identity` until it returns; what it waits for, it goes on to wait for so.
 *
 * @throws {CancelledError} When that realm has ended.
 */
export function actAs<T>(identity: Identity, fn: () => T): T {
  checkAlive(identity.realm);
  const before = other;
  other = identity;
  try {
    return fn();
  } finally {
    other = before;
  }
}

/** The number of the task that the caller is part of. */
export function thisTask(): number {
  const task = callingTask();
  if (typeof task !== "object" || task === null) return 0;
  const known = numbers.get(task);
  if (known !== undefined) return known;
  numbers.set(task, ++last);
  return last;
}
