/** Tests of `Barrier`. */

import { barrierSuite } from "../suites/barrier_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

const { main, threads, killable, threadsAlone, children, mixed } = BACKENDS;
for (const backend of [main, threads, threadsAlone]) barrierSuite(backend);
for (const backend of [killable, children, mixed]) barrierSuite(backend, {}, 100);
