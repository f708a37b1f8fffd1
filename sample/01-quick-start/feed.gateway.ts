import { WebSocketGateway } from '@nestjs/websockets';
import { ConnectionHealth } from 'nestjs-connection-health';

/**
 * A gateway that still has to decide: whoever should be closed is only reported. Behind a proxy that forgets to close
 * its backend side it leaks, as every gateway does without the module. The page at `/connection-health/dashboard` shows it.
 */
@ConnectionHealth({ heartbeat: { enforce: 'observe' }, sweep: { mode: 'observe' } })
@WebSocketGateway({ path: '/feed' })
export class FeedGateway {}
