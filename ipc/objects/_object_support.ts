/**
 * All that a worker needs for shared objects, to be loaded with the first of them.
 */

import "./_shared_classes.ts";

export { ObjectPort } from "./_object_port.ts";
export { findFunction, isFound } from "../values/_received_function.ts";
