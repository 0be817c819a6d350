/**
 * Shared objects as items of queues: by their number, for whoever in this process knows them.
 */

import { kindNamed, knownObject, remember, type ShareableKind } from "../sync/_shareable.ts";
import { RuntimeError } from "../sync/errors.ts";
import type { Exporter, Importer } from "./_codec.ts";
import type { FunctionRecord } from "./_function_record.ts";
import { receivedFunction } from "./_received_function.ts";

type ItemRecord = readonly [kind: string, id: number];

/** See the head of the file. */
export const itemCarrier: Exporter & Importer = {
  sharesMemory: false,
  export(object: object, kind: ShareableKind<object>): ItemRecord {
    const id = kind.id(object);
    remember(id, object);
    return [kind.name, id];
  },
  import(record: unknown): object {
    const [name, id] = record as ItemRecord;
    const object = knownObject(id);
    if (object !== undefined) return object;
    throw new RuntimeError(
      `Cannot get a ${
        kindNamed(name)?.name ?? "shared object"
      }: this thread does not know it: pass it as an argument before`,
    );
  },
  revive(record: FunctionRecord): unknown {
    return receivedFunction(record);
  },
};
