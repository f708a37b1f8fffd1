import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';

import type { EnginePacket, EngineSocket } from '../../lib/transport/engine-io.internals.js';
import { EngineRaw } from '../../lib/transport/engine.raw.js';

const message = (data: unknown): EnginePacket => ({ type: 'message', data });

/** The parts of an Engine.IO socket that are read, for a test to move. */
function makeSocket(): {
  socket: EngineSocket;
  transport: { name: string; readyState: string; socket?: object; dataReq?: object | null };
  /** These wait for the transport from now on. */
  hold(packets: EnginePacket[]): void;
} {
  const transport = { name: 'polling', readyState: 'open', dataReq: null as object | null };
  const socket = { transport, writeBuffer: [] as EnginePacket[] };
  return {
    socket: socket as never,
    transport,
    hold: (packets) => {
      socket.writeBuffer = packets;
    },
  };
}

const nothing = (): void => undefined;

/** A `ws` socket as far as it is looked at. */
function carrier(tcp: object): object {
  return Object.assign(new EventEmitter(), {
    readyState: 1,
    _socket: tcp,
    ping: nothing,
    close: nothing,
    terminate: nothing,
  });
}

describe('the TCP connection under an Engine.IO connection', () => {
  it('counts what has come of the POST under way, and goes on with the next one', () => {
    const { socket, transport } = makeSocket();
    const raw = new EngineRaw(socket);
    expect(raw.bytesRead).toBe(0);
    const tcp = { bytesRead: 5_000 };
    transport.dataReq = { socket: tcp };
    expect(raw.bytesRead).toBe(1);
    tcp.bytesRead = 6_000;
    expect(raw.bytesRead).toBe(1_001);
    transport.dataReq = null;
    expect(raw.bytesRead).toBe(1_001);
    transport.dataReq = { socket: { bytesRead: 100 } };
    expect(raw.bytesRead).toBe(1_002);
  });

  it('has written, with polling, what was sent and what waits for the next GET', () => {
    const made = makeSocket();
    const raw = new EngineRaw(made.socket);
    const packets = [message('x'.repeat(9)), message(Buffer.alloc(99))];
    for (const packet of packets) raw.packetCreated(packet);
    made.hold(packets);
    expect([raw.bytesWritten, raw.writableLength]).toEqual([110, 110]);
    made.hold([]);
    expect([raw.bytesWritten, raw.writableLength]).toEqual([110, 0]);
  });

  it('looks at each packet that waits once, however often it is asked', () => {
    const made = makeSocket();
    const raw = new EngineRaw(made.socket);
    let looks = 0;
    const packet = {
      type: 'message',
      get data() {
        looks++;
        return 'four';
      },
    };
    const list: EnginePacket[] = [packet];
    made.hold(list);
    expect([raw.waitingBytes, raw.waitingBytes]).toEqual([5, 5]);
    list.push(packet);
    expect(raw.waitingBytes).toBe(10);
    expect(looks).toBe(2);
  });

  it('goes on counting when the transport is upgraded, and keeps the new connection alive as it did the old', () => {
    const { socket, transport } = makeSocket();
    const raw = new EngineRaw(socket);
    raw.setKeepAlive(true, 30_000);
    raw.packetCreated(message('x'.repeat(99)));
    transport.dataReq = { socket: { bytesRead: 7 } };
    const before = [raw.bytesRead, raw.bytesWritten];
    const kept: unknown[] = [];
    const tcp = {
      bytesRead: 800,
      bytesWritten: 300,
      setKeepAlive: (...args: unknown[]): void => void kept.push(args),
    };
    Object.assign(transport, { name: 'websocket', socket: carrier(tcp), dataReq: undefined });
    raw.upgraded();
    expect([raw.bytesRead, raw.bytesWritten]).toEqual(before);
    expect(kept).toEqual([[true, 30_000]]);
    tcp.bytesRead += 10;
    tcp.bytesWritten += 20;
    expect([raw.bytesRead, raw.bytesWritten]).toEqual([before[0]! + 10, before[1]! + 20]);
  });
});
