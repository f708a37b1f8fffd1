import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { Server, type ServerOptions } from 'socket.io';
import { io, type Socket } from 'socket.io-client';

import { ask } from '../../support/http.client.js';
import { conformingGateway } from './conforming.gateway.js';
import type { DriverClient, DriverUnderTest, ForeignServer, Tempo, Visitor } from './driver.js';

type Transport = 'websocket' | 'polling';
type Mode = 'observe' | 'govern';
type EngineOptions = Pick<ServerOptions, 'pingInterval' | 'pingTimeout'>;

/** Codes by which the suite sends clients away for good. */
const STAY_AWAY: readonly number[] = [4003, 4444];

/** The standard client of Socket.IO, by one transport. */
class SocketIoClient implements DriverClient {
  readonly echoes: unknown[] = [];
  farewell: string | undefined;

  constructor(private readonly socket: Socket) {
    socket.on('echo', (data: unknown) => this.echoes.push(data));
    socket.on(
      'disconnect',
      (reason, details) => (this.farewell = [reason, ...closeFrameOf(details)].join(' ')),
    );
  }

  static async connect(url: string, transport: Transport, visitor: Visitor): Promise<SocketIoClient> {
    const { user, userAgent } = visitor;
    const socket = io(url.replace('ws:', 'http:'), {
      transports: [transport],
      forceNew: true,
      reconnection: false,
      query: user === undefined ? {} : { user },
      extraHeaders: userAgent === undefined ? {} : { 'user-agent': userAgent },
    });
    const client = new SocketIoClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', reject);
    });
    return client;
  }

  get isOpen(): boolean {
    return this.socket.connected;
  }

  emit(event: string, data: unknown): void {
    this.socket.emit(event, data);
  }

  leave(): void {
    this.socket.disconnect();
  }

  end(): void {
    this.socket.disconnect();
  }
}

/** The code and the text of the close frame that ended the WebSocket under a client. */
function closeFrameOf(details: unknown): unknown[] {
  const { context } = (details ?? {}) as { context?: { code?: number; reason?: string } };
  return context?.code === undefined ? [] : [context.code, context.reason];
}

/**
 * What Engine.IO is told. Where it does not judge, its `pingTimeout` is only what clients go by: they give up a server
 * that they have not heard for so long, or that they could not hear because they stood still.
 */
function engineOptions({ intervalMs, timeoutMs, isPatient }: Tempo, mode: Mode): EngineOptions {
  const judges = mode === 'observe' && isPatient !== true;
  return { pingInterval: intervalMs, pingTimeout: judges ? timeoutMs : 30_000 };
}

async function listen(options: EngineOptions): Promise<ForeignServer> {
  const http = createServer();
  const server = new Server(http, options);
  server.on('connection', (socket) => socket.on('echo', (data) => socket.emit('echo', data)));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    server,
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}

/** How a newcomer's first request is answered, whichever transport it asks for. */
async function refusal(url: string): Promise<{ status: number; retryAfter: string | undefined }> {
  const { status, headers } = await ask(`${url}/socket.io/?EIO=4&transport=polling`);
  return { status, retryAfter: headers['retry-after'] };
}

/** Socket.IO by one transport, in one mode. */
export function socketIo(transport: Transport, mode: Mode): DriverUnderTest {
  return {
    name: `socket.io over ${transport}, mode ${mode}`,
    transport,
    path: '/socket.io/',
    governs: mode === 'govern',
    // Where no protocol ping can be sent, nobody knows whose silence it is.
    ghost: transport === 'websocket' ? 'silent' : 'unknown',
    destroyedCode: 1006,
    // Engine.IO closes without a code.
    timeoutCode: mode === 'govern' ? 4001 : 1006,
    peer: { library: 'socket.io', transports: [transport] },
    ownData: [Buffer.from([0, 1, 255]), { nested: { bytes: Buffer.from('żółć') } }],
    gateway: (tempo) => conformingGateway(engineOptions(tempo, mode)),
    options: ({ intervalMs, timeoutMs }) => ({ heartbeat: { intervalMs, timeoutMs }, socketIo: { mode } }),
    adapt: (app: INestApplication) => app.useWebSocketAdapter(new IoAdapter(app)),
    connect: (url, visitor = {}) => SocketIoClient.connect(url, transport, visitor),
    listen: (tempo) => listen(engineOptions(tempo, mode)),
    refusal,
    // Who is to stay away is told by Socket.IO, which comes first; others hear the end of what carried them.
    farewellOf: (code, text) => {
      if (STAY_AWAY.includes(code)) return 'io server disconnect';
      return transport === 'websocket' ? `transport close ${code} ${text}` : 'transport close';
    },
  };
}
