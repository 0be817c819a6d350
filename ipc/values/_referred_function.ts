/**
 * Functions that arrive by reference, as parts of values.
 *
 * Such a function is one that this realm has imported already, or, in a worker, can import as it would for a
 * task: from a module that it was told of. No other module is imported for it, and nothing is compiled,
 * whoever has sent it.
 */

import {
  type Callable,
  isKnownModule,
  knownExport,
  type ReferenceRecord,
  standsFor,
} from "./_known_exports.ts";
import { mainModule } from "./_main_module.ts";
import { workerResolver } from "./_this_resolver.ts";

/** The function of a record: itself where this realm has it, else one that calls it once it is imported. */
export function referredFunction(data: unknown): Callable {
  const { url, name, text } = data as ReferenceRecord;
  if (typeof url !== "string" || typeof name !== "string" || typeof text !== "string") {
    throw new TypeError("Cannot receive a function: what was sent is no reference to one");
  }
  const record = { url, name, text };
  const here = knownExport(record);
  if (here !== undefined) return here;
  const later = async (...args: unknown[]) => await (await find(record))(...args);
  Object.defineProperty(later, "name", { value: name });
  standsFor(later, record);
  return later;
}

async function find({ url, name, text }: ReferenceRecord): Promise<Callable> {
  const resolver = workerResolver();
  // Not in the program's own thread: its main module may be waiting for this.
  if (resolver === undefined || (url !== mainModule() && !resolver.lists(url))) {
    throw new TypeError(
      `Cannot call ${name}: it came by reference to a module that is not known here: ${url}: ` +
        `name it here with task(url, ${name || "…"})${
          resolver === undefined ? "" : ", or list the module in modules"
        }`,
    );
  }
  const { fn } = await resolver.resolve({ id: -1, name, url, text, source: null });
  return fn;
}

/** Whether functions of a module may be called that others name: as above. */
export function mayRefer(url: string): boolean {
  return isKnownModule(url) || url === mainModule() || workerResolver()?.lists(url) === true;
}
