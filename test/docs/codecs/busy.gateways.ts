import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth, PhoenixCodec, SignalrCodec } from 'nestjs-connection-health';

@ConnectionHealth({ heartbeat: { codec: new PhoenixCodec({ clientIntervalMs: 10_000 }) } })
@WebSocketGateway({ path: '/busy/websocket' })
export class BusyChannelsGateway {}

@ConnectionHealth({ heartbeat: { codec: new SignalrCodec({ clientIntervalMs: 5_000 }) } })
@WebSocketGateway({ path: '/busy-hub' })
export class BusyHubGateway {}
