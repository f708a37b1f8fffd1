import type { HeartbeatCodec, RecognisedHeartbeat } from './heartbeat.codec.js';
import { recogniseMessage } from './json.codec.js';
import { objectOf, parseOurs } from './json.text.js';
import type { ServerMessage } from './messages.js';

/** The messages of the `json` codec in the envelope of Nest's `WsAdapter`: `{"event":"server_ping","data":{…}}`. */
export class NestCodec implements HeartbeatCodec {
  readonly name = 'nest';

  recognise(data: Uint8Array, isBinary: boolean): RecognisedHeartbeat | undefined {
    if (isBinary) return undefined;
    const envelope = objectOf(parseOurs(data));
    if (envelope === undefined) return undefined;
    return recogniseMessage({ ...objectOf(envelope['data']), type: envelope['event'] });
  }

  encode({ type, ...data }: ServerMessage): string {
    return JSON.stringify({ event: type, data });
  }
}
