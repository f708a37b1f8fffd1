import { PlainServer, type ServedConnection } from './plain.server.js';

/** What our server sends as a heartbeat. */
export function serverPing(interval: number, ts = Date.now()): string {
  return JSON.stringify({ type: 'server_ping', ts, interval });
}

/** Whether a message is one of the client's own, and not the app's. */
export function isOfTheClient(message: string | Buffer): boolean {
  return /^\{"type":"client_(pong|ping|resume)"/.test(String(message));
}

/** The messages of the app on a connection. */
export function appMessages({ got }: ServedConnection): string[] {
  return got.filter((message) => !isOfTheClient(message)).map(String);
}

/** Speaks our wire with an interval of the test's own, as long as the test wants: for what a real one never does. */
export function speakOurs(interval: number): (connection: ServedConnection) => void {
  return ({ socket }) => {
    socket.send(serverPing(interval));
    socket.on('message', (data: Buffer) => {
      const text = String(data);
      if (!text.startsWith('{"type":"client_ping"')) return;
      const { ts } = JSON.parse(text) as { ts: number };
      socket.send(JSON.stringify({ type: 'server_pong', ts }));
    });
  };
}

export { PlainServer };
