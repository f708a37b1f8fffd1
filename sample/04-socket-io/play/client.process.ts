// A process with one client: `client.process.js <name> <port of the app> <heartbeat interval>`
import { FaultRelay } from 'nestjs-connection-health/testing';
import { io } from 'socket.io-client';

/** What the parent may ask for. */
export type Order = 'cut' | 'heal';
/** What the parent is told, in words. */
export type Told = string;

const [name, port, intervalMs] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4])];

function tell(told: Told): void {
  if (process.connected) process.send?.(told);
}

/** Notices what is missing in a row of numbers. */
class Row {
  last = 0;
  missing = 0;

  take(number: number): void {
    if (this.last > 0) this.missing += number - this.last - 1;
    this.last = number;
  }
}

// The network of this client, which can be cut.
const relay = await FaultRelay.start({ port });
const address = relay.url.replace('ws:', 'http:');

// The standard client as it comes: it polls first, upgrades to a WebSocket, and comes back by itself. Both namespaces are on
// one connection.
const options = { auth: { name }, timeout: 2 * intervalMs };
const chat = io(`${address}/chat`, options);
const news = io(`${address}/news`, options);

const headlines = new Row();
let lastBefore = 0;
news.on('headline', (number: number) => headlines.take(number));
news.on('disconnect', () => (lastBefore = headlines.last));
news.on('connect', () => {
  if (!news.recovered) return;
  // What the server has kept was delivered before this event.
  const kept = headlines.last - lastBefore;
  tell(`I am back, recovered: ${kept} headlines were kept for me, ${headlines.missing} are missing`);
});

chat.on('said', ({ from, text }: { from: string; text: string }) => {
  if (from !== name) tell(`I hear ${from} say "${text}"`);
});
chat.on('disconnect', (reason) => tell(`I am disconnected: ${reason}`));
chat.on('server_drain', ({ reconnectInMs }: { reconnectInMs: number }) => {
  tell(`I am asked to come back in ${reconnectInMs} ms`);
});
if (name === 'ada') {
  let remarks = 0;
  setInterval(() => chat.emit('say', `hello ${++remarks}`), 2 * intervalMs);
}

process.on('message', (order: Order) => (order === 'cut' ? relay.cut() : relay.heal()));
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of a terminal: the app is to send this one away before it goes.
process.on('SIGINT', () => undefined);
