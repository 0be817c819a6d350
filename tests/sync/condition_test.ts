/** Tests of `Condition`. */

import { conditionOfRLockSuite, conditionSuite } from "../suites/condition_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) conditionSuite(backend);
for (const backend of [BACKENDS.threadsAlone, BACKENDS.mixed]) conditionOfRLockSuite(backend);
