import { afterEach, describe, expect, it } from '@jest/globals';
import { HealthyWebSocket } from 'nestjs-connection-health/client';
import { WebSocket } from 'ws';

import { until } from '../support/wait.js';
import { useServers } from './support/plain.server.js';

/** A library that takes a class of sockets and reconnects by itself, as graphql-ws does. */
class ReconnectingLibrary {
  readonly closes: number[] = [];
  readonly got: string[] = [];
  current!: WebSocket;
  private isDone = false;

  constructor(private readonly parts: { url: string; protocol: string; webSocketImpl: typeof WebSocket }) {
    this.connect();
  }

  end(code?: number, reason?: string): void {
    this.isDone = true;
    this.current.close(code, reason);
  }

  private connect(): void {
    const { url, protocol, webSocketImpl: Socket } = this.parts;
    const socket = (this.current = new Socket(url, protocol));
    Object.assign(socket, {
      onopen: () => socket.send(`hello ${this.closes.length}`),
      onmessage: ({ data }: MessageEvent) => this.got.push(String(data)),
      onerror: () => undefined,
      onclose: ({ code }: { code: number }) => {
        this.closes.push(code);
        if (!this.isDone) setTimeout(() => this.connect(), 20);
      },
    });
  }
}

describe('a library that takes a class of sockets', () => {
  const serve = useServers();

  let library: ReconnectingLibrary;
  afterEach(() => library.end());

  it('gets one that never comes back by itself, and still answers and gives up', async () => {
    let connections = 0;
    const server = await serve(({ socket }) => {
      const ping = (): void => socket.send('{"type":"server_ping","ts":7,"interval":60}');
      socket.once('message', (data) => socket.send(`you said ${String(data)}`));
      ping();
      if (++connections < 3) return;
      // Silent after one word, twice; the third time the server goes on.
      const timer = setInterval(ping, 20);
      socket.once('close', () => clearInterval(timer));
    });
    const webSocketImpl = HealthyWebSocket.with({ graceMs: 40 }).with({ WebSocket, reconnect: false });
    library = new ReconnectingLibrary({
      url: server.url,
      protocol: 'chat',
      webSocketImpl: webSocketImpl as unknown as typeof WebSocket,
    });
    await until(
      'the library has come back by itself twice',
      () => connections >= 3 && library.current.readyState === WebSocket.OPEN,
    );
    library.end(4321, 'done');
    await until('the server has seen the end', () => server.last!.closed !== undefined);
    expect(server.last!.closed).toEqual({ code: 4321, reason: 'done' });
    expect(library.closes.slice(0, 2)).toEqual([1006, 1006]);
    expect(library.got[0]).toBe('you said hello 0');
    expect(server.connections[0]!.got).toContain('{"type":"client_pong","ts":7}');
    expect(server.connections[0]!.request.headers['sec-websocket-protocol']).toBe('chat');
    await until('the library has seen it', () => library.current.readyState === 3);
  });
});
