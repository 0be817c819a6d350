/** Locks and queues as clients of a manager have them: the same suites as everywhere. */

import { barrierSuite } from "../suites/barrier_suite.ts";
import { conditionOfRLockSuite, conditionSuite } from "../suites/condition_suite.ts";
import { eventSuite } from "../suites/event_suite.ts";
import { lockSuite, rlockSuite } from "../suites/lock_suite.ts";
import { CLIENTS } from "../suites/manager_stage.ts";
import { joinableQueueSuite, queueSuite } from "../suites/queue_suite.ts";
import { boundedSemaphoreSuite, semaphoreSuite } from "../suites/semaphore_suite.ts";

lockSuite(CLIENTS);
rlockSuite(CLIENTS);
semaphoreSuite(CLIENTS);
boundedSemaphoreSuite(CLIENTS);
conditionSuite(CLIENTS);
conditionOfRLockSuite(CLIENTS);
eventSuite(CLIENTS);
barrierSuite(CLIENTS, {}, 100);
queueSuite(CLIENTS);
joinableQueueSuite(CLIENTS);
