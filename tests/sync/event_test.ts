/** Tests of `Event`. */

import { eventSuite } from "../suites/event_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

for (const backend of Object.values(BACKENDS)) eventSuite(backend);
