// A process with some chat clients: `clients.process.js <route> <port of the app> <name>…`
import { ChatClient } from './chat.client.js';
import { TcpRelay } from './tcp.relay.js';
import { TerminatingProxy } from './terminating.proxy.js';

/** How the clients of a process reach the app. */
export type Route = 'direct' | 'relay' | 'proxy';

/** What the process tells its parent whenever it changes, first when all its clients are connected. */
export interface Report {
  readonly open: number;
}

interface Way {
  readonly port: number;
  /** How clients on it vanish. */
  vanish(): void;
}

const clients: ChatClient[] = [];

async function open(route: Route, appPort: number): Promise<Way> {
  if (route === 'relay') {
    const relay = await TcpRelay.start(appPort);
    return { port: relay.port, vanish: () => relay.cut() };
  }
  if (route === 'proxy') {
    const proxy = await TerminatingProxy.start(appPort);
    return { port: proxy.port, vanish: () => clients.forEach((client) => client.terminate()) };
  }
  return { port: appPort, vanish: () => undefined };
}

function report(): void {
  const told: Report = { open: clients.filter(({ isOpen }) => isOpen).length };
  if (process.connected) process.send?.(told);
}

// Ctrl-C reaches every process of the terminal. This one stays until its parent has closed the app.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

const [route, appPort, ...names] = process.argv.slice(2) as [Route, string, ...string[]];
const way = await open(route, Number(appPort));
process.on('message', () => way.vanish());
for (const name of names) clients.push(await ChatClient.connect(`ws://127.0.0.1:${way.port}`, name, report));
report();
