import workerpool from "npm:workerpool@10.0.3";
import { kernels } from "../kernels.ts";

workerpool.worker({ ...kernels });
