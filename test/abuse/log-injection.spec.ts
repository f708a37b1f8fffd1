import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConsoleLogger, type ConsoleLoggerOptions } from '@nestjs/common';
import { WebSocketGateway } from '@nestjs/websockets';
import type { WebSocket } from 'ws';

import type { MemoryLogger } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';

/** What could end a line, colour it, hide in it or turn it around. */
const EVIL =
  '\r\nFAKE LINE\u001b[31m\u001b]0;title\u0007\u0000\u0008\u007f\u009b2J\u2028\u2029\u202e\u2066\ud800 END';
/** A character that no line of a log may hold: all controls but the line's own end, and what reorders text. */
const UNSAFE =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffd]|\p{Surrogate}/u;

@WebSocketGateway({ maxPayload: 10_000_000 })
class LoggedGateway {
  readonly clients: WebSocket[] = [];
  handleConnection(client: WebSocket): void {
    this.clients.push(client);
  }
}

describe('what clients choose, in the log', () => {
  const startApp = useApps();
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Runs an app whose clients are as evil as they can be. @returns what was written meanwhile */
  async function written(options: ConsoleLoggerOptions): Promise<string> {
    const output: string[] = [];
    const write = ((text: string) => output.push(String(text)) > 0) as typeof process.stdout.write;
    jest.spyOn(process.stdout, 'write').mockImplementation(write);
    jest.spyOn(process.stderr, 'write').mockImplementation(write);
    const logger = new ConsoleLogger({ colors: false, timestamp: false, ...options });
    const running = await startApp(
      [LoggedGateway],
      {
        heartbeat: { intervalMs: 200, timeoutMs: 100, maxMissed: 1_000 },
        logging: { level: 'debug', maxPerSecond: 10_000 },
        drain: false,
        identify: (_client, request) => {
          if (request?.url?.includes('fail')) throw new Error(`${EVIL}${'e'.repeat(1_000_000)}`);
          return `early ${EVIL}`;
        },
      },
      { logger: logger as unknown as MemoryLogger },
    );
    // Headers carry no line ends; `ws` and Node see to that.
    const headers = { 'user-agent': `agent \t\u009b2J \u0085 ${'u'.repeat(8_000)}` };
    const first = await TestClient.connect(running.url, { headers, state: `state ${EVIL}` });
    const failing = await TestClient.connect(`${running.url}/?fail`, { headers: { 'user-agent': 'x' } });
    first.send({ type: 'client_resume', reason: `reason ${EVIL}` });
    const [socket] = running.app.get(LoggedGateway).clients;
    running.service.identify(socket!, `late ${EVIL}${'i'.repeat(1_000_000)}`);
    await until('it has answered', () => running.service.connections()[0]?.clientState !== undefined);
    first.socket.close(4000, `bye \n\u001b[31m\u202e`);
    failing.answers = false;
    await until('a heartbeat was missed', () => running.eventsOf('missed').length > 0);
    await running.service.disconnect({ id: running.service.connections().at(-1)!.id }, { reason: 'a\nb' });
    await until('all are closed', () => running.eventsOf('closed').length === 2);
    jest.restoreAllMocks();
    return output.join('');
  }

  it('is escaped and bounded: JSON, one object a line', async () => {
    const lines = (await written({ json: true })).trimEnd().split('\n');
    const objects = lines.map((line) => JSON.parse(line) as { context?: string; message: { type?: string } });
    const ours = objects.filter(({ context }) => context === 'ConnectionHealth');
    const types = new Set(ours.map(({ message }) => message.type));
    const expected = ['opened', 'identified', 'resumed', 'missed', 'closed', 'user_code_failed'];
    for (const type of expected) expect(types).toContain(type);
    for (const [index, line] of lines.entries()) {
      if (objects[index]!.context !== 'ConnectionHealth') continue;
      expect(line).not.toMatch(UNSAFE);
      // Even where a reader decodes it: what was escaped stays so.
      for (const text of textsOf(objects[index]!.message)) {
        expect(text).not.toMatch(UNSAFE);
        expect(text).not.toContain('\n');
      }
      expect(line.length).toBeLessThan(12_000);
    }
  });

  it('is escaped and bounded: text, one line an event', async () => {
    const output = await written({ compact: true });
    const lines = output.trimEnd().split('\n');
    expect(lines.filter((line) => /^\[Nest\] \d+ {2}- /.test(line)).length).toBe(lines.length);
    expect(lines.some((line) => line.includes('FAKE LINE'))).toBe(true);
    for (const line of lines.filter((one) => one.includes('[ConnectionHealth]'))) {
      expect(line).not.toMatch(UNSAFE);
      expect(line.length).toBeLessThan(12_000);
    }
  });

  it('makes no line of its own where each field has one', async () => {
    const lines = (await written({})).trimEnd().split('\n');
    for (const line of lines) {
      expect(line).toMatch(/^(\[Nest\] \d+ {2}- | {2}\w+: |\})/);
      expect(line.length).toBeLessThan(12_000);
    }
  });
});

/** All texts in plain data; stack traces are told line by line. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/\n(?= {4}at )/);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
