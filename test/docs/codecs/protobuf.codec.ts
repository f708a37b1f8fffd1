import type { HeartbeatCodec } from 'nestjs-connection-health';
import protobuf from 'protobufjs';

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

export const protobufCodec: HeartbeatCodec = {
  name: 'chat-protobuf',
  recognise(data, isBinary) {
    if (!isBinary) return undefined;
    const body = Envelope.decode(data) as { pong?: number };
    return Object.hasOwn(body, 'pong') ? { kind: 'answer', ts: body.pong! } : undefined;
  },
  encode(message) {
    return message.type === 'server_ping' ? Envelope.encode({ ping: message.ts }).finish() : undefined;
  },
};
