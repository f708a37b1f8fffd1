import { afterEach } from '@jest/globals';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';

import { until } from '../../support/wait.js';

/** A standard client with a record of what it was told. */
export interface IoClient {
  readonly socket: Socket;
  /** Why it was disconnected, each time. */
  readonly disconnects: string[];
  /** What it was told beside its app's events, by event. */
  readonly heard: { readonly event: string; readonly args: unknown[] }[];
  /** The transport it uses at present. */
  transport(): string | undefined;
}

/** Connects clients of npm's `socket.io-client` that are ended after the test. */
export function useIoClients(): (
  url: string,
  options?: Partial<ManagerOptions & SocketOptions>,
) => Promise<IoClient> {
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) {
      socket.io.reconnection(false);
      socket.disconnect();
    }
  });
  return async (url, options = {}) => {
    const socket = io(url.replace(/^ws/, 'http'), { forceNew: true, reconnectionDelay: 50, ...options });
    sockets.push(socket);
    const client: IoClient = {
      socket,
      disconnects: [],
      heard: [],
      transport: () => socket.io.engine?.transport.name,
    };
    socket.on('disconnect', (reason) => client.disconnects.push(reason));
    socket.onAny((event: string, ...args: unknown[]) => client.heard.push({ event, args }));
    await until('the client is connected', () => socket.connected, 20_000);
    return client;
  };
}
