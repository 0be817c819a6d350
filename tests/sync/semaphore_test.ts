/** Tests of `Semaphore` and `BoundedSemaphore`. */

import { boundedSemaphoreSuite, semaphoreSuite } from "../suites/semaphore_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) semaphoreSuite(backend);
for (const backend of [BACKENDS.main, BACKENDS.threadsAlone, BACKENDS.mixed]) {
  boundedSemaphoreSuite(backend);
}
