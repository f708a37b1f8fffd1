import { describe, expect, it } from '@jest/globals';

import { ConnectionHealthOptionsError } from '../../lib/connection-health.errors.js';
import { resolveOptions } from '../../lib/options/options.resolver.js';

function rejection(options: unknown): ConnectionHealthOptionsError {
  try {
    // As somebody without TypeScript may have written them.
    resolveOptions(options as never);
  } catch (error) {
    if (error instanceof ConnectionHealthOptionsError) return error;
    throw error;
  }
  throw new Error('nothing was rejected');
}

function ownCodec(more: object): object {
  return { name: 'own', recognise: () => undefined, encode: () => '', ...more };
}

describe('a wrong option stops the boot', () => {
  const number = 'a number of milliseconds above 0';
  const interval = 'a number of milliseconds above 9';
  it.each<[object | string | null, string, string, string]>([
    [
      { heartbeats: {} },
      'heartbeats',
      'one of the known options (heartbeat,',
      'an object with the keys (none)',
    ],
    [{ heartbeat: { interval: 5 } }, 'heartbeat.interval', 'one of the known options (intervalMs,', '5'],
    [{ sweep: { stale: 5 } }, 'sweep.stale', 'one of the known options', '5'],
    [{ progress: { speed: 5 } }, 'progress.speed', 'one of the known options', '5'],
    [{ logging: { lines: 5 } }, 'logging.lines', 'one of the known options', '5'],
    [{ tcpKeepAlive: { delay: 5 } }, 'tcpKeepAlive.delay', 'one of the known options', '5'],
    [{ closeCodes: { backpressured: 5 } }, 'closeCodes.backpressured', 'one of the known options', '5'],
    ['text', '(options)', 'an object', '"text"'],
    [null, '(options)', 'an object', 'null'],
    [{ heartbeat: true }, 'heartbeat', 'an object', 'true'],
    [{ heartbeat: null }, 'heartbeat', 'an object', 'null'],
    [{ sweep: [] }, 'sweep', 'an object', 'an array of 0'],
    [{ protocolPing: 5_000 }, 'protocolPing', 'an object', '5000'],
    [{ heartbeat: { intervalMs: '30s' } }, 'heartbeat.intervalMs', interval, '"30s"'],
    [{ heartbeat: { intervalMs: 9 } }, 'heartbeat.intervalMs', interval, '9'],
    [{ heartbeat: { intervalMs: -1 } }, 'heartbeat.intervalMs', interval, '-1'],
    [{ heartbeat: { intervalMs: NaN } }, 'heartbeat.intervalMs', interval, 'NaN'],
    [{ heartbeat: { intervalMs: Infinity } }, 'heartbeat.intervalMs', interval, 'Infinity'],
    [{ heartbeat: { intervalMs: null } }, 'heartbeat.intervalMs', interval, 'null'],
    [{ heartbeat: { timeoutMs: 30_000 } }, 'heartbeat.timeoutMs', 'less than intervalMs (30000)', '30000'],
    [
      { heartbeat: { intervalMs: 100, timeoutMs: 200 } },
      'heartbeat.timeoutMs',
      'less than intervalMs (100)',
      '200',
    ],
    [{ heartbeat: { maxMissed: 0 } }, 'heartbeat.maxMissed', 'a whole number above 0', '0'],
    [{ heartbeat: { maxMissed: 1.5 } }, 'heartbeat.maxMissed', 'a whole number above 0', '1.5'],
    [{ heartbeat: { maxPerInterval: 0.1 } }, 'heartbeat.maxPerInterval', 'a whole number above 0', '0.1'],
    [
      { heartbeat: { enforce: 'never' } },
      'heartbeat.enforce',
      '"always", "negotiated", "observe"',
      '"never"',
    ],
    [{ heartbeat: { codec: 'xml' } }, 'heartbeat.codec', '"graphql-ws" or an object', '"xml"'],
    [{ heartbeat: { codec: { name: 'x' } } }, 'heartbeat.codec', 'recognise() and encode()', 'keys name'],
    [
      { heartbeat: { codec: ownCodec({ encode: 'x' }) } },
      'heartbeat.codec',
      'an object with name',
      'an object',
    ],
    [{ heartbeat: { codec: ownCodec({ asks: 'nobody' }) } }, 'heartbeat.codec.asks', '"both"', '"nobody"'],
    [{ heartbeat: { codec: ownCodec({ opening: {} }) } }, 'heartbeat.codec.opening', 'a function', 'object'],
    [
      { heartbeat: { codec: ownCodec({ defaultIntervalMs: 0 }) } },
      'heartbeat.codec.defaultIntervalMs',
      interval,
      '0',
    ],
    [
      { heartbeat: { codec: ownCodec({ defaultIntervalMs: 9 }) } },
      'heartbeat.codec.defaultIntervalMs',
      interval,
      '9',
    ],
    [{ heartbeat: { codec: null } }, 'heartbeat.codec', '"graphql-ws" or an object', 'null'],
    [
      { heartbeat: { codec: ownCodec({ encode: () => undefined }) } },
      'heartbeat.codec.encode()',
      'text or bytes for a server_ping, as the clients of the codec "own" wait for one',
      'undefined',
    ],
    [
      { heartbeat: { codec: ownCodec({ asks: 'both', encode: () => Promise.resolve('x') }) } },
      'heartbeat.codec.encode()',
      'text or bytes for a server_ping',
      'an object',
    ],
    [
      {
        heartbeat: {
          codec: ownCodec({
            encode() {
              throw new Error('no pen');
            },
          }),
        },
      },
      'heartbeat.codec.encode()',
      'of the codec "own"',
      'an error: no pen',
    ],
    [{ protocolPing: { intervalMs: 0 } }, 'protocolPing.intervalMs', number, '0'],
    [{ tcpKeepAlive: { initialDelayMs: '1' } }, 'tcpKeepAlive.initialDelayMs', number, '"1"'],
    [
      { sweep: { staleAfterMs: 50_000 } },
      'sweep.staleAfterMs',
      'more than maxMissed × intervalMs + timeoutMs (50000)',
      '50000',
    ],
    [
      { heartbeat: { maxMissed: 3 }, sweep: { staleAfterMs: 90_000 } },
      'sweep.staleAfterMs',
      'more than maxMissed × intervalMs + timeoutMs (110000)',
      '90000',
    ],
    [{ heartbeat: false, sweep: { staleAfterMs: 30_000 } }, 'sweep.staleAfterMs', 'more than', '30000'],
    [{ heartbeat: false, protocolPing: false }, 'sweep.mode', '"observe", or sweep: false', '"enforce"'],
    [{ sweep: { mode: 'off' } }, 'sweep.mode', '"enforce", "observe"', '"off"'],
    [{ sweep: { closeTimeoutMs: 0 } }, 'sweep.closeTimeoutMs', number, '0'],
    [{ progress: { minBytesPerSecond: 0 } }, 'progress.minBytesPerSecond', 'a number above 0', '0'],
    [{ proxyIdleTimeoutMs: '60s' }, 'proxyIdleTimeoutMs', number, '"60s"'],
    [{ identify: 'me' }, 'identify', 'a function', '"me"'],
    [{ trustProxy: 'not-an-address' }, 'trustProxy', 'trust proxy', '"not-an-address"'],
    [{ trustProxy: {} }, 'trustProxy', 'trust proxy', 'an object'],
    [{ gateways: 'some' }, 'gateways', '"all", "decorated"', '"some"'],
    [{ closeCodes: { timeout: 1006 } }, 'closeCodes.timeout', 'a close code that may be sent', '1006'],
    [{ closeCodes: { timeout: 'x' } }, 'closeCodes.timeout', 'a close code that may be sent', '"x"'],
    [{ closeCodes: { timeout: null } }, 'closeCodes.timeout', 'a close code that may be sent', 'null'],
    [{ closeCodes: { clean: 1000 } }, 'closeCodes.clean', 'one of the known options', '1000'],
    [{ backpressure: { maxBytes: 1 } }, 'backpressure.maxBytes', 'one of the known options', '1'],
    [{ backpressure: { maxBufferedBytes: 0 } }, 'backpressure.maxBufferedBytes', 'a number above 0', '0'],
    [{ backpressure: { maxAgeMs: '1' } }, 'backpressure.maxAgeMs', number, '"1"'],
    [{ backpressure: { action: 'drop' } }, 'backpressure.action', '"close", "report"', '"drop"'],
    [{ backpressure: true }, 'backpressure', 'an object', 'true'],
    [{ massTimeout: { ratio: 1.1 } }, 'massTimeout.ratio', 'a number above 0 to 1', '1.1'],
    [{ massTimeout: { ratio: 0 } }, 'massTimeout.ratio', 'a number above 0', '0'],
    [{ massTimeout: { minConnections: 0 } }, 'massTimeout.minConnections', 'a whole number above 0', '0'],
    [{ drain: { spreadMs: -1 } }, 'drain.spreadMs', 'a number of milliseconds from 0', '-1'],
    [{ drain: { spread: 1 } }, 'drain.spread', 'one of the known options', '1'],
    [{ drain: { timeoutMs: NaN } }, 'drain.timeoutMs', 'a number of milliseconds from 0', 'NaN'],
    [{ logging: { level: 'loud' } }, 'logging.level', '"debug", "log", "warn", "error", "off"', '"loud"'],
    [{ logging: { maxPerSecond: 0 } }, 'logging.maxPerSecond', 'a number above 0', '0'],
    [{ clock: {} }, 'clock', 'monotonic(), epoch(), every(), afterPoll()', 'an object'],
    [{ clock: null }, 'clock', 'an object with', 'null'],
  ])('stops at %j with a sentence that names %s', (options, option, expected, got) => {
    const error = rejection(options);
    expect(error).toMatchObject({ name: 'ConnectionHealthOptionsError', code: 'INVALID_OPTION', option });
    expect(error.expected).toContain(expected);
    expect(error.message).toContain(`option "${option}": expected ${error.expected}, got `);
    expect(error.message.slice(error.message.indexOf(', got ') + 6)).toContain(got);
  });

  it('does not repeat a huge value in its sentence', () => {
    expect(rejection({ gateways: 'x'.repeat(10_000) }).message.length).toBeLessThan(250);
  });
});
