/** Tests of `Lock`. */

import { lockSuite } from "../suites/lock_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

const { main, ...others } = BACKENDS;
lockSuite(main);
for (const backend of Object.values(others)) lockSuite(backend);
