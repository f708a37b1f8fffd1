// @microsoft/signalr, unmodified, in a process of its own. Prints a line for each thing that happens to it.
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const [, , url, keepAliveMs, serverTimeoutMs] = process.argv;
const connection = new HubConnectionBuilder()
  .withUrl(`${url.replace('ws:', 'http:')}/signalr`, {
    skipNegotiation: true,
    transport: HttpTransportType.WebSockets,
  })
  .configureLogging(LogLevel.None)
  .withKeepAliveInterval(Number(keepAliveMs))
  .withServerTimeout(Number(serverTimeoutMs))
  .withAutomaticReconnect(new Array(50).fill(100))
  .build();
connection.onreconnecting((error) =>
  console.log(/Server timeout/.test(error?.message) ? 'dead server' : 'closed'),
);
connection.onreconnected(() => console.log('open'));
connection.onclose(() => console.log('gave up'));
process.stdin.resume().on('end', () => process.exit());
process.stdin.on('data', () => connection.invoke('Shout', 'hello').then(() => console.log('heard')));
await connection.start().catch((error) => console.log(`refused ${error.message}`));
if (connection.state === 'Connected') console.log('open');
