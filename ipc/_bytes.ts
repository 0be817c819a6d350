import v8 from "node:v8";
export function toBytes(value: unknown, transfer: readonly Transferable[] = []): Uint8Array[] {
  const b = v8.serialize(value);
  for (const t of transfer) if (t instanceof ArrayBuffer) t.transfer();
  return [new Uint8Array(b.buffer, b.byteOffset, b.length).slice()];
}
export function fromBytes(bytes: Uint8Array): unknown {
  return v8.deserialize(bytes.slice() as never);
}
