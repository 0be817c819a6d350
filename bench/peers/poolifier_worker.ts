import { ThreadWorker } from "npm:poolifier-web-worker@0.5.15";
import { type Kernel, kernels, type Value } from "../kernels.ts";

/** poolifier declares the argument optional. */
function taking(kernel: Kernel): (arg?: Value) => unknown {
  return (arg = 0) => kernel(arg);
}

export default new ThreadWorker<Value, unknown>({
  empty: taking(kernels.empty),
  square: taking(kernels.square),
  spin: taking(kernels.spin),
  crunch: taking(kernels.crunch),
});
