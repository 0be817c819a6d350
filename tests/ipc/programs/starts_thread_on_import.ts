/** A module of `thread_exit_test.ts` that starts a thread wherever it is imported. */

import { task, Thread } from "../../../mod.ts";

export function nothing(): void {}

new Thread({ target: task(import.meta.url, nothing), name: "another" }).start();
