/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type KernelName, kernels, type Value } from "../kernels.ts";

self.onmessage = (event: MessageEvent<[KernelName, Value]>): void => {
  const [kernel, arg] = event.data;
  self.postMessage(kernels[kernel](arg));
};
