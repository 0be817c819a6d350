/**
 * Functions that shared objects bring along: what they are where they arrive.
 *
 * They are found as a worker finds those that it is to run, which takes a promise. So a worker looks for them
 * before a task begins that is given them; one that arrives elsewhere is looked for when it is first called.
 */

import { type FunctionRecord, setFunctionRecord } from "./_function_record.ts";
import { thisResolver } from "./_this_resolver.ts";
import { describeText } from "../callable.ts";

/** What became of the search: calls the function, or throws why it can't be had. */
type Finding = () => unknown;

/** How many are remembered; one that is forgotten is found again. */
const MOST = 100;
const found = new Map<string, Finding>();

/** Whether the function can be called at once. */
export function isFound(record: FunctionRecord): boolean {
  return found.has(keyOf(record));
}

/** Looks for a function; never rejects, since only who calls it has to know. */
export async function findFunction(record: FunctionRecord): Promise<Finding> {
  const key = keyOf(record);
  const known = found.get(key);
  if (known !== undefined) return known;
  const finding = await search(record);
  if (found.size === MOST) {
    for (const oldest of [...found.keys()].slice(0, 1)) found.delete(oldest);
  }
  found.set(key, finding);
  return finding;
}

async function search({ name, text, url }: FunctionRecord): Promise<Finding> {
  try {
    if (url !== undefined) {
      const call = { id: -1, name, url, text, source: null };
      const { fn } = await thisResolver().resolve(call);
      return () => fn;
    }
    const call = describeText(name, text);
    await call.described;
    if (call.description === undefined) throw call.refusal;
    const { fn } = await thisResolver().resolve(call.description);
    return () => fn();
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function keyOf({ name, text, url = "" }: FunctionRecord): string {
  return `${url}\n${name}\n${text}`;
}

/** Calls the function that is meant: at once where it has been found. */
export function receivedFunction(record: FunctionRecord): () => unknown {
  let finding = found.get(keyOf(record));
  const received = () => {
    if (finding !== undefined) return finding();
    return findFunction(record).then((it) => (finding = it)());
  };
  setFunctionRecord(received, record);
  return received;
}
