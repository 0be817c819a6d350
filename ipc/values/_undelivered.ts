/**
 * What was encoded and will never be decoded: the copies in it are given up, so that nobody waits for who would have
 * had them.
 */

import type { SharedRecord } from "../../sync/_shareable.ts";
import { takeBack } from "../../sync/_shareable.ts";
import {
  decode,
  type Encoded,
  type Exporter,
  type Importer,
  REMOTE,
  SHARED,
  sharesObjects,
} from "./_codec.ts";
import { isPlainObject, pushAll } from "../transfer.ts";

/** A value could not be sent, and is still here as it was encoded. */
export function giveUpUnsent(wire: unknown, exporter?: Exporter): void {
  giveUp(wire, undefined, (record) => exporter?.takeBack?.(record));
}

/** A value has arrived that nobody wants. */
export function giveUpUnread(wire: unknown, importer?: Importer): void {
  giveUp(wire, importer, (record) => {
    const object = importer?.import(record);
    if (object !== undefined && Symbol.dispose in object) (object as Disposable)[Symbol.dispose]();
  });
}

function giveUp(
  wire: unknown,
  importer: Importer | undefined,
  giveUpRemote: (record: unknown) => void,
): void {
  if (!Array.isArray(wire) || !sharesObjects(wire)) return;
  const [tag, value] = wire as unknown as Encoded;
  for (const { [tag]: kind, data } of recordsIn(value, tag)) {
    try {
      if (kind === REMOTE) giveUpRemote(data);
      else if (kind === SHARED) {
        const [name, id, own] = data as SharedRecord;
        takeBack([name, id, decode([tag, own], importer)]);
      }
    } catch {
      // What can't be had can't be given up.
    }
  }
}

/** The records in an encoded value, each once. */
function* recordsIn(value: unknown, tag: string): Generator<Record<string, unknown>> {
  const seen = new Set<object>();
  // An explicit stack, since the depth is the user's.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const item = left.pop();
    if (typeof item !== "object" || item === null || seen.has(item)) continue;
    seen.add(item);
    if (item instanceof Map) pushAll(pushAll(left, item.keys()), item.values());
    else if (item instanceof Set || Array.isArray(item)) pushAll(left, item);
    else if (isPlainObject(item)) {
      if (Object.hasOwn(item, tag)) yield item as Record<string, unknown>;
      else pushAll(left, Object.values(item));
    }
  }
}
