import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** By this process: who starts several at once gets a different one for each, though none listens yet. */
const handedOut = new Set<number>();

/**
 * A port that nobody listens on. Outside the range from which the kernel takes the ports of outgoing connections (32768
 * up): a proxy that is restarted would find its own taken by some client.
 */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let attempts = 0; attempts < 100; attempts++) {
    const port = randomInt(15_000, 32_000);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if (await isFree(port, address)) return port;
  }
  throw new Error(`no free port on ${address}`);
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen({ port, host }), 'listening');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  } finally {
    server.close();
  }
}
