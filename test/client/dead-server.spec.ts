import { afterEach, describe, expect, it } from '@jest/globals';
import { FaultRelay } from 'nestjs-connection-health/testing';

import { sleep, until } from '../support/wait.js';
import { useClients } from './support/clients.js';
import { useProcesses } from './support/processes.js';

const INTERVAL = 400;
const GRACE = 300;
/** What a loaded machine may add. */
const SLACK = 1_500;
/** The server is patient: it is the client's verdict that is looked at. */
const heartbeat = { intervalMs: INTERVAL, timeoutMs: 350, maxMissed: 20 };

describe('a server that is gone', () => {
  const connect = useClients();
  const processes = useProcesses();
  const relays: FaultRelay[] = [];
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
  });
  const options = { graceMs: GRACE, connectTimeoutMs: 1_000, backoff: { initialMs: 100, maxMs: 200 } };

  it('without a word (SIGSTOP) is left after interval + grace + grace, and found again when it is back', async () => {
    const server = await processes.server({ heartbeat });
    const client = connect(server.url, options);
    await server.until('it is heard of', ({ events }) => events.some(({ type }) => type === 'opened'));
    await sleep(2 * INTERVAL);

    server.process.child.kill('SIGSTOP');
    const stoppedAt = performance.now();
    await until('it has been left', () => client.of('close').length > 0);
    const tookMs = performance.now() - stoppedAt;
    expect(tookMs).toBeGreaterThan(2 * GRACE - 150);
    expect(tookMs).toBeLessThan(INTERVAL + 2 * GRACE + SLACK);
    const [lost] = client.of('close');
    expect(lost).toMatchObject({ code: 1006, reason: 'dead_server', wasClean: false, willReconnect: true });
    expect(client.socket.readyState).toBe(0);
    await until('an attempt has failed', () => client.of('close').length > 1);
    expect(client.of('close')[1]).toMatchObject({ code: 1006, reason: 'connect_timeout' });

    server.process.child.kill('SIGCONT');
    await until('it is back', () => client.isOpen);
    const report = await server.until(
      'it knows of one client, and why it was away',
      ({ open, events }) => open === 1 && events.some(({ type }) => type === 'resumed'),
    );
    // The attempts that were given up had never been read: they open and close at once.
    const codes = report.events.filter(({ type }) => type === 'closed').map(({ code }) => code);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes).not.toContain(1000);
    const { reason, offlineMs, attempts } = report.events.find(({ type }) => type === 'resumed')!;
    expect(reason).toBe('dead_server');
    expect(offlineMs).toBeGreaterThan(200);
    expect(attempts).toBe(client.of('close').length);
  }, 60_000);

  it('but comes back in time (SIGCONT) is not left', async () => {
    const server = await processes.server({ heartbeat });
    const client = connect(server.url, { ...options, graceMs: 600 });
    await until('it is open', () => client.isOpen);
    await sleep(2 * INTERVAL);
    for (let stop = 0; stop < 3; stop++) {
      await server.process.freeze(900);
      await sleep(INTERVAL);
    }
    expect(client.story).toEqual(['open']);
    expect((await server.report()).events.map(({ type }) => type)).not.toContain('closed');
  }, 60_000);

  it('for good (SIGKILL) is known at once, and the next one on its port is found', async () => {
    const server = await processes.server({ heartbeat });
    const client = connect(server.url, options);
    await until('it is open', () => client.isOpen);
    await server.process.end();
    await until('it is known', () => client.of('close').length > 0);
    // From the network: nobody waited for the silence to last.
    expect(client.of('close')[0]).toMatchObject({ code: 1006, reason: '', willReconnect: true });
    await processes.server({ heartbeat }, server.port);
    await until('it is back', () => client.isOpen, 10_000);
    expect(client.of('end')).toEqual([]);
  }, 60_000);

  it('behind a network that was cut is left, and found again when the network is back', async () => {
    const server = await processes.server({ heartbeat });
    const relay = await FaultRelay.start({ port: server.port });
    relays.push(relay);
    const client = connect(relay.url, options);
    await until('it is open', () => client.isOpen);
    await sleep(2 * INTERVAL);
    relay.cut();
    const cutAt = performance.now();
    await until('it has been left', () => client.of('close').length > 0);
    expect(performance.now() - cutAt).toBeLessThan(INTERVAL + 2 * GRACE + SLACK);
    expect(client.of('close')[0]).toMatchObject({ code: 1006, reason: 'dead_server' });
    relay.heal();
    await until('it is back', () => client.isOpen, 10_000);
    const report = await server.until('the server knows one client', ({ open }) => open === 1);
    const codes = report.events.filter(({ type }) => type === 'closed').map(({ code }) => code);
    expect(codes).not.toContain(1000);
  }, 60_000);

  it('keeps what is sent meanwhile, and says nothing of it until it is back', async () => {
    const server = await processes.server({ heartbeat });
    const client = connect(server.url, options);
    await until('it is open', () => client.isOpen);
    await sleep(INTERVAL);
    server.process.child.kill('SIGSTOP');
    await until('it has been left', () => client.of('close').length > 0);
    client.socket.send('{"event":"later"}');
    expect(client.socket.bufferedAmount).toBe('{"event":"later"}'.length);
    server.process.child.kill('SIGCONT');
    await until('it has left', () => client.isOpen && client.socket.bufferedAmount === 0, 10_000);
    expect(client.of('drop')).toEqual([]);
  }, 60_000);
});
