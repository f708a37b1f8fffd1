// A process whose clients come one after the other, and leave behind their connections:
// `leaving.process.js <port of the app> <how many> <milliseconds between two> <milliseconds each stays>`
import { setTimeout as sleep } from 'node:timers/promises';

import { ChatClient } from './chat.client.js';
import { TerminatingProxy } from './terminating.proxy.js';

// Ctrl-C reaches every process of the terminal. This one stays until its parent has closed the app.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

const [appPort, count, everyMs, stayMs] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
];
const proxy = await TerminatingProxy.start(appPort);
for (let number = 1; number <= count; number++) {
  const client = await ChatClient.connect(
    `ws://127.0.0.1:${proxy.port}/feed`,
    `left-${number}`,
    () => undefined,
  );
  setTimeout(() => client.terminate(), stayMs);
  await sleep(everyMs);
}
