/**
 * Lets every `SyncManager` make pools, which are of this layer.
 */

import { addLateType } from "../ipc/managers/_late_types.ts";

const url = import.meta.resolve("./_managed_pool.ts");

addLateType("Pool", {
  url,
  name: "ManagedPool",
  method_to_typeid: {
    apply_async: "AsyncResult",
    map_async: "AsyncResult",
    starmap_async: "AsyncResult",
  },
});
addLateType("AsyncResult", { url, name: "ManagedResult", method_to_typeid: {} });
