import type { HeartbeatCodec } from 'nestjs-connection-health';

const WAITING = { isOpen: false, turn: 'app' } as const;
const OPEN = { isOpen: true } as const;

/** Clients say `HELLO`, the app says `WELCOME`; from then on a client sends `ALIVE <number>` and hears `OK <number>`. */
export const lineCodec: HeartbeatCodec = {
  name: 'lines',
  asks: 'client',
  defaultIntervalMs: 20_000,
  recognise(data, isBinary) {
    const [, number] = isBinary ? [] : (/^ALIVE (\d{1,9})$/.exec(new TextDecoder().decode(data)) ?? []);
    return number === undefined ? undefined : { kind: 'ask', echo: number };
  },
  encode(message) {
    return message.type === 'server_pong' ? `OK ${message.echo}` : undefined;
  },
  opening({ from, data }) {
    const line = String(typeof data === 'string' ? data : new TextDecoder().decode(data));
    if (from === 'app') return line === 'WELCOME' ? OPEN : undefined;
    return line === 'HELLO' ? WAITING : undefined;
  },
};
