/**
 * What threads share: for now the errors that all of Herd throws.
 *
 * @module
 */

export { CancelledError, RuntimeError, TimeoutError, ValueError } from "./errors.ts";
