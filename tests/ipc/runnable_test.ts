/** What processes and threads have in common; the rest is in tests of their own. */

import { runnableSuite, SPAWNED, THREAD, WORKER } from "../suites/runnable_suite.ts";

for (const kind of [SPAWNED, WORKER, THREAD]) runnableSuite(kind);
