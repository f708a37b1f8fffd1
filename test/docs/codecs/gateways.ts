import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth } from 'nestjs-connection-health';

@ConnectionHealth({ heartbeat: { codec: 'phoenix' } })
@WebSocketGateway({ path: '/phoenix/websocket' })
export class ChannelsGateway {}

@ConnectionHealth({ heartbeat: { codec: 'signalr' } })
@WebSocketGateway({ path: '/hub' })
export class HubGateway {}
