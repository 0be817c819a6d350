/** Tests of `Queue`. */

import { queueSuite } from "../suites/queue_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) queueSuite(backend);
