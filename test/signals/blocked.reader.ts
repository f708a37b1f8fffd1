import type { WebSocket } from 'ws';

import type { TestClient } from '../support/client.js';
import { sleep } from '../support/wait.js';

const PIECE = Buffer.alloc(16_384);

/**
 * Stops a client from reading, and fills all buffers between it and the server's end of its connection.
 *
 * @returns the bytes that wait in this process from now on
 */
export async function blockReader(client: TestClient, socket: WebSocket): Promise<number> {
  client.socket.pause();
  for (let calm = 0; calm < 5;) {
    if (socket.bufferedAmount === 0) {
      calm = 0;
      for (let piece = 0; piece < 16 && socket.bufferedAmount === 0; piece++) socket.send(PIECE);
    } else calm++;
    await sleep(10);
  }
  return socket.bufferedAmount;
}
