/** Tests of `JoinableQueue`. */

import { joinableQueueSuite } from "../suites/queue_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) joinableQueueSuite(backend);
