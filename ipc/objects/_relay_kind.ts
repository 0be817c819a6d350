/**
 * Which things are relayed when they are sent (`_relays.ts`): streams and sockets.
 */

/** The kind of a thing that can be relayed. */
export type RelayKind = "ReadableStream" | "WritableStream" | "Conn" | "Connection";

/** Which kind it is, if any; a connection is found by its class. */
export function relayKind(value: object): RelayKind | undefined {
  const name = Object.prototype.toString.call(value);
  if (name === "[object ReadableStream]") return "ReadableStream";
  if (name === "[object WritableStream]") return "WritableStream";
  return name === "[object Object]" && isConn(value) ? "Conn" : undefined;
}

const CONN_METHODS = ["read", "write", "close", "closeWrite"];

function isConn(value: object): value is Deno.Conn {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null || !("localAddr" in value)) return false;
  return CONN_METHODS.every((name) => typeof Reflect.get(value, name) === "function");
}
