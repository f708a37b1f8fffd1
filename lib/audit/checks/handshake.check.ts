import type { Probe } from '../probe/probe.js';
import type { CompressionFacts, HandshakeFacts } from './path.facts.js';

const DEFLATE = 'permessage-deflate';

/** What the handshake shows: no frame is sent. */
export function handshakeFacts({ opened, begun }: Probe): HandshakeFacts {
  const { key, sentHeaders, answerHeaders } = opened;
  const { headers } = begun;
  return {
    // Who speaks the protocol itself shakes hands with a key of its own; who passes bytes cannot.
    isSame: begun.key === null || key === undefined ? null : begun.key === key,
    headers,
    added: headers?.filter((name) => !sentHeaders.includes(name)) ?? [],
    dropped: headers === null ? [] : sentHeaders.filter((name) => !headers.includes(name)),
    server: answerHeaders['server'] ?? answerHeaders['via'] ?? null,
  };
}

export function compressionFacts(probe: Probe): CompressionFacts {
  const client = probe.opened.socket.extensions;
  const gateway = probe.begun.extensions;
  const [here, there] = [client.includes(DEFLATE), gateway.includes(DEFLATE)];
  const isSame = handshakeFacts(probe).isSame !== false;
  return {
    kind: !here && !there ? 'none' : here && there && isSame ? 'end_to_end' : 'hop_by_hop',
    client,
    gateway,
    offerArrives: probe.begun.headers?.includes('sec-websocket-extensions') ?? null,
  };
}
