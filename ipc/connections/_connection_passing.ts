/**
 * Connections as arguments, and as parts of items: see `sync/_shareable.ts`.
 */

import { type CopyData, registerShareable } from "../../sync/_shareable.ts";
import { relayedBy } from "./_connection_relay.ts";
import { Connection, connectionOver, handOver, transportToPassOn } from "../connection.ts";
import { PipeEnd } from "./_pipe_end.ts";
import { RingTransport } from "./_ring_transport.ts";

const READABLE = 1;
const WRITABLE = 2;

registerShareable<Connection>({
  name: "Connection",
  prototype: Connection.prototype,
  meets: true,
  passing: {
    isShared: (connection) => transportToPassOn(connection).share !== undefined,
    share(connection, realm) {
      const [source, forRealm] = transportToPassOn(connection).share!(realm);
      const flags = (connection.readable ? READABLE : 0) | (connection.writable ? WRITABLE : 0);
      return [source, forRealm, flags];
    },
    receive([source, realm, more]: CopyData): Connection {
      if (!(source instanceof PipeEnd)) {
        throw new TypeError("Cannot receive a connection: it has no way");
      }
      const flags = more as number;
      source.arrived(realm);
      return connectionOver(new RingTransport(source), {
        readable: (flags & READABLE) !== 0,
        writable: (flags & WRITABLE) !== 0,
      });
    },
    original(connection) {
      return relayedBy(transportToPassOn(connection)) ?? connection;
    },
    leave(connection) {
      if (!transportToPassOn(connection).isCopied) handOver(connection);
    },
    drop: (connection) => connection.close(),
    takeBack([source, realm]: CopyData): void {
      (source as PipeEnd).remove(realm);
    },
  },
  id: refuse,
  data: refuse,
  make: refuse,
});

function refuse(): never {
  throw new TypeError("Cannot find a connection by its number: it has none");
}
