import { type KernelName, kernels, type Value } from "../kernels.ts";
import { RawLink } from "./raw_link.ts";

const names = Object.keys(kernels) as KernelName[];
const path = Deno.args[0] ?? "";
const link = new RawLink(await Deno.connect({ transport: "unix", path }));
await link.listen((tag, arg) => link.send(0, kernels[names[tag]!](arg!) as Value | undefined));
