import { EventEmitter } from 'node:events';

import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

import type { ConnectionHealthModuleOptions } from '../../lib/connection-health.options.js';
import { ConnectionHealthRuntime } from '../../lib/connection-health.runtime.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';
import { FakeClock } from './fake.clock.js';

/** What the module reads of a TCP connection. */
class FakeConnection {
  bytesRead = 0;
  bytesWritten = 0;
  readonly writableLength = 0;
  readonly destroyed = false;
}

/** A `ws` socket by shape, without anything behind it, that counts how often it is looked at. */
export class FakeSocket extends EventEmitter {
  readonly bufferedAmount = 0;
  readonly _socket = new FakeConnection();
  looks = 0;
  sent = 0;

  get readyState(): number {
    this.looks++;
    return 1;
  }

  send(data: string): void {
    this.sent++;
    this._socket.bytesWritten += data.length + 2;
  }

  ping(): void {
    this._socket.bytesWritten += 10;
  }

  close(): void {}
  terminate(): void {}
  pause(): void {}
  resume(): void {}
}

class FakeServer extends EventEmitter {
  readonly options = { WebSocket: FakeSocket };
  readonly clients = new Set<FakeSocket>();
  handleUpgrade(): void {}
  shouldHandle(): void {}
}

const NOTHING = (): void => undefined;
const SILENT_SINK = { log: NOTHING, warn: NOTHING, error: NOTHING, debug: NOTHING, verbose: NOTHING };

/** The whole module in one process with so many sockets of one server, in a time that tests move. */
export class FakeCrowd {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly runtime: ConnectionHealthRuntime;

  constructor(options: ConnectionHealthModuleOptions = {}) {
    this.runtime = new ConnectionHealthRuntime(
      resolveOptions({ clock: this.clock, metrics: false, massTimeout: false, ...options }),
      {
        discovery: { getProviders: () => [] } as unknown as DiscoveryService,
        scanner: { getAllMethodNames: () => [] } as unknown as MetadataScanner,
        sink: SILENT_SINK,
        hasKnownAdapter: () => true,
      },
    );
    this.runtime.bind();
    this.runtime.binder.watch(this.server, { name: 'crowd' });
    this.runtime.start();
  }

  open(count: number): FakeSocket[] {
    return Array.from({ length: count }, () => {
      const socket = new this.server.options.WebSocket();
      this.server.clients.add(socket);
      this.server.emit('connection', socket, { url: '/', headers: {}, socket: socket._socket });
      return socket;
    });
  }

  end(): void {
    this.runtime.end();
  }
}
