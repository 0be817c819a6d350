/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { type KernelName, kernels } from "../kernels.ts";

self.onmessage = (event: MessageEvent<[KernelName, number]>): void => {
  const [kernel, arg] = event.data;
  self.postMessage(kernels[kernel](arg));
};
