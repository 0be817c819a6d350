import { parentPort } from "node:worker_threads";
import { type KernelName, kernels, type Value } from "../kernels.ts";

/** `raw_worker.ts` for Node, whose workers have no `self`. */
parentPort?.on("message", ([kernel, arg]: [KernelName, Value]): void => {
  parentPort?.postMessage(kernels[kernel](arg));
});
