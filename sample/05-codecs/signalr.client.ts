// A client of @microsoft/signalr as it is, in a process of its own.
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const [url, intervalMs] = process.argv.slice(2);
const connection = new HubConnectionBuilder()
  // Straight to the WebSocket: the gateway has no endpoint for negotiation.
  .withUrl(`${url!.replace('ws:', 'http:')}/signalr`, {
    skipNegotiation: true,
    transport: HttpTransportType.WebSockets,
  })
  .configureLogging(LogLevel.None)
  .withKeepAliveInterval(Number(intervalMs))
  .withServerTimeout(2 * Number(intervalMs))
  .withAutomaticReconnect()
  .build();

async function talk(): Promise<void> {
  console.log('signalr: connected');
  await connection.invoke('Shout', 'hello');
  console.log('signalr: heard');
}

connection.onreconnecting(() => console.log('signalr: connection lost'));
connection.onreconnected(() => void talk());
await connection.start();
await talk();
// It leaves with the app that started it.
process.on('disconnect', () => process.exit());
