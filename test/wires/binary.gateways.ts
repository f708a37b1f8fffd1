import { decode, encode } from '@msgpack/msgpack';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth, type HeartbeatCodec } from 'nestjs-connection-health';
import protobuf from 'protobufjs';
import type { WebSocket } from 'ws';

/** A gateway that speaks MessagePack: maps with an `event` and `data`. */
export const msgpackCodec: HeartbeatCodec = {
  name: 'chat-msgpack',
  recognise(data, isBinary) {
    if (!isBinary) return undefined;
    const message = decode(data) as { event?: unknown; data?: unknown };
    if (message?.event !== 'pong') return undefined;
    return typeof message.data === 'number' ? { kind: 'answer', ts: message.data } : { kind: 'malformed' };
  },
  encode: (message) => {
    if (message.type === 'server_ping') return encode({ event: 'ping', data: message.ts });
    return undefined;
  },
};

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Envelope {
    oneof body {
      double ping = 1;
      double pong = 2;
      string chat = 3;
    }
  }
`);
export const Envelope = root.lookupType('Envelope');

/** What an envelope holds. */
export interface EnvelopeBody {
  readonly ping?: number;
  readonly pong?: number;
  readonly chat?: string;
}

export function envelopeOf(data: Uint8Array): EnvelopeBody {
  return Envelope.decode(data) as EnvelopeBody;
}

/** A gateway that speaks Protobuf: envelopes with one body. */
export const protobufCodec: HeartbeatCodec = {
  name: 'chat-protobuf',
  recognise(data, isBinary) {
    const body = isBinary ? envelopeOf(data) : undefined;
    return body !== undefined && Object.hasOwn(body, 'pong') ? { kind: 'answer', ts: body.pong! } : undefined;
  },
  encode: (message) =>
    message.type === 'server_ping' ? Envelope.encode({ ping: message.ts }).finish() : undefined,
};

class BinaryGateway {
  readonly handled: unknown[] = [];
  readonly raw: Buffer[] = [];
  readonly protocols: string[] = [];

  handleConnection(client: WebSocket): void {
    this.protocols.push(client.protocol);
    client.on('message', (data: Buffer) => this.raw.push(data));
  }
}

/** What a client offers, in the order that this server likes best. */
function chosen(...known: string[]): (offered: Set<string>) => string | false {
  return (offered) => known.find((protocol) => offered.has(protocol)) ?? false;
}

const COMPRESSION = { threshold: 0, serverNoContextTakeover: false, clientNoContextTakeover: false };

@ConnectionHealth({ heartbeat: { codec: msgpackCodec } })
@WebSocketGateway({
  path: '/msgpack',
  handleProtocols: chosen('chat.v2', 'chat.v1'),
  perMessageDeflate: COMPRESSION,
})
export class MsgpackGateway extends BinaryGateway {
  @SubscribeMessage('chat')
  chat(@ConnectedSocket() client: WebSocket, @MessageBody() data: unknown): void {
    this.handled.push(data);
    client.send(encode({ event: 'chat', data }));
  }

  @SubscribeMessage('pong')
  pong(): void {
    this.handled.push('pong');
  }
}

@ConnectionHealth({ heartbeat: { codec: protobufCodec } })
@WebSocketGateway({
  path: '/protobuf',
  handleProtocols: chosen('chat.v2', 'chat.v1'),
  perMessageDeflate: COMPRESSION,
})
export class ProtobufGateway extends BinaryGateway {
  @SubscribeMessage('chat')
  chat(@ConnectedSocket() client: WebSocket, @MessageBody() chat: string): void {
    this.handled.push(chat);
    client.send(Envelope.encode({ chat }).finish());
  }

  @SubscribeMessage('pong')
  pong(): void {
    this.handled.push('pong');
  }
}

/** One parser for both: an envelope of Protobuf begins with the number of a field, and a map of MessagePack with 0x8x. */
export function binaryParser(data: Buffer): { event: string; data: unknown } | undefined {
  if (data[0]! >= 0x80) return decode(data) as { event: string; data: unknown };
  const [[event, body] = []] = Object.entries(envelopeOf(data));
  return event === undefined ? undefined : { event, data: body };
}
