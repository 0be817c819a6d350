/**
 * Every class of objects that threads and processes share: whoever receives some has to know it.
 */

import "../../sync/mod.ts";
import "../connections/_connection_passing.ts";
import "../proxy.ts";
import "../local.ts";
import "../simple_queue.ts";
