/** Tests of `RLock`. */

import { rlockSuite } from "../suites/lock_suite.ts";
import { BACKENDS } from "../suites/sync_stages.ts";

const ONE = "code outside any task is one owner, which does not wait for itself";

const { main, ...others } = BACKENDS;
rlockSuite(main, {
  "Y03": ONE,
  "Y04": ONE,
  "Y05": ONE,
  "L11, Y06, Y36": ONE,
  "Y11": ONE,
  "Y18, Y19": ONE,
  "Y19": ONE,
});
for (const backend of Object.values(others)) rlockSuite(backend);
