/**
 * The error of what can't be asked of an object, since the process that it lives in is gone.
 */

import { RuntimeError } from "./errors.ts";

/** See the head of the file. Its name is its class's, which is all that users are to know of it. */
export class GoneError extends RuntimeError {
  /** @param what Completes "Cannot …". */
  constructor(what: string) {
    super(`Cannot ${what}: the process that the object lives in has ended, or let go of this one`);
  }
}
