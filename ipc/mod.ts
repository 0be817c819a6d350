/**
 * Sending functions and values to workers.
 *
 * @module
 */

export { type Callable, task, type TaskReference } from "./callable.ts";
export { current_task, type CurrentTask } from "./current_task.ts";
export type {
  PermissionDenials,
  PermissionGrant,
  Permissions,
  PermissionSet,
} from "./permissions.ts";
export { current_thread, type ThreadInfo } from "./thread.ts";
export { transfer } from "./transfer.ts";
