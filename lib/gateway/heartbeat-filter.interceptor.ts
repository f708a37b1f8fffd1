import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { EMPTY, type Observable } from 'rxjs';

import { MAX_HEARTBEAT_BYTES } from '../protocol/messages.js';
import { JsonCodec, recogniseMessage } from '../protocol/json.codec.js';
import { recordOf } from '../transport/transport.driver.js';

/**
 * The second line: keeps heartbeats out of handlers where they got past the sockets, behind adapters that we do not
 * know. On sockets that are watched the frames themselves have been filtered, exactly, so that everything that arrives
 * here is the app's.
 *
 * The one import attaches it to the gateways of an app with such an adapter; `@UseInterceptors(HeartbeatFilterInterceptor)`
 * does so by hand. Behind `WsAdapter` and `IoAdapter` it would find nothing, and cost a third of the messages that a gateway
 * can handle in a second: so much does the first interceptor of a handler take in Nest (bench/messages).
 */
@Injectable()
export class HeartbeatFilterInterceptor implements NestInterceptor {
  private readonly codec = new JsonCodec();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'ws') return next.handle();
    const ws = context.switchToWs();
    if (recordOf(ws.getClient()) !== undefined) return next.handle();
    return this.isHeartbeat(ws.getData()) ? EMPTY : next.handle();
  }

  private isHeartbeat(data: unknown): boolean {
    if (typeof data === 'string') return this.isHeartbeatFrame(new TextEncoder().encode(data));
    if (data instanceof Uint8Array) return this.isHeartbeatFrame(data);
    return recogniseMessage(data) !== undefined;
  }

  private isHeartbeatFrame(data: Uint8Array): boolean {
    return data.byteLength <= MAX_HEARTBEAT_BYTES && this.codec.recognise(data, false) !== undefined;
  }
}
