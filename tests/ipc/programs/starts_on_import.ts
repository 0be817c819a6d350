/** A module of `process_exit_test.ts` that starts a process wherever it is imported. */

import { Process, task } from "../../../mod.ts";

export function nothing(): void {}

new Process({ target: task(import.meta.url, nothing), name: "another" }).start();
