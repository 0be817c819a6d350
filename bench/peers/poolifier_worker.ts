import { ThreadWorker } from "npm:poolifier-web-worker@0.5.15";
import { type Kernel, kernels } from "../kernels.ts";

/** poolifier declares the argument optional. */
function taking(kernel: Kernel): (arg?: number) => number | undefined {
  return (arg = 0) => kernel(arg);
}

export default new ThreadWorker<number, number | undefined>({
  empty: taking(kernels.empty),
  square: taking(kernels.square),
  spin: taking(kernels.spin),
  crunch: taking(kernels.crunch),
});
