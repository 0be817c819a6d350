/**
 * Functions that shared objects bring along: what they are where they arrive.
 */

import { type FunctionRecord, setFunctionRecord } from "./_function_record.ts";
import { thisResolver } from "./_this_resolver.ts";
import { describeText } from "./callable.ts";

/** Calls the function that is meant, once it is found: as a worker finds those that it is to run. */
export function receivedFunction(record: FunctionRecord): () => Promise<unknown> {
  const received = async () => {
    const call = describeText(record.name, record.text);
    await call.described;
    if (call.description === undefined) throw call.refusal;
    const { fn } = await thisResolver().resolve(call.description);
    return await fn();
  };
  setFunctionRecord(received, record);
  return received;
}
