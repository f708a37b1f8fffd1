import { describe, expect, it } from '@jest/globals';

import { sleep, until } from '../support/wait.js';
import { missingProxies, nameOf, PROXIES, useProxies, type LabRow } from './lab.js';
import { useStages, type End, type Stage } from './stage.js';

/** Where pings go through to the other side; elsewhere they end at the proxy. */
const passesPings = ({ terminates, behaviour }: LabRow): boolean => !terminates || behaviour === 'forward';

/** What the backend sees of a client that is gone without a close frame; nothing where it is not told. */
function deathAt({ name, behaviour }: LabRow): string | undefined {
  if (behaviour === 'ghost' || behaviour === 'pool') return undefined;
  return name === 'lua' ? '1001 client gone' : '1006';
}

const named = PROXIES.map((row) => ({ title: nameOf(row), row }));
const startRow = useProxies();
const openStage = useStages();

async function connected(row: LabRow): Promise<{ stage: Stage; client: End; backend: End }> {
  const stage = await openStage();
  const behaviour = row.behaviour && { behaviour: row.behaviour };
  const proxy = await startRow(row.name, { backend: stage.backend, ...behaviour });
  return { stage, ...(await stage.pair(proxy)) };
}

it('has every proxy installed', () => {
  expect(missingProxies()).toEqual([]);
});

describe.each(named)('$title', ({ row }) => {
  it('carries messages both ways, and says where the client is', async () => {
    const { client, backend } = await connected(row);
    const long = 'a long one '.repeat(20_000);
    client.socket.send('from the client');
    client.socket.send(long);
    backend.socket.send('from the backend');
    backend.socket.send(long);
    await until('all has arrived', () => client.messages.length + backend.messages.length === 4);

    expect(backend.texts).toEqual(['from the client', long]);
    expect(client.texts).toEqual(['from the backend', long]);
    expect(backend.request?.headers['x-forwarded-for']).toBe('127.0.0.1');
  });

  it(`${passesPings(row) ? 'passes' : 'does not pass'} pings`, async () => {
    const { client, backend } = await connected(row);
    client.socket.ping('c');
    client.socket.send('after the ping');
    await backend.gets('after the ping');
    backend.socket.ping('b');
    backend.socket.send('after the ping');
    await client.gets('after the ping');

    const passed = passesPings(row);
    expect({ client: client.pings, backend: backend.pings }).toEqual({
      client: passed ? ['b'] : [],
      backend: passed ? ['c'] : [],
    });
    const answered = row.behaviour !== 'drop';
    await until('the pongs', () => !answered || (client.pongs.length === 1 && backend.pongs.length === 1));
    expect([...client.pongs, ...backend.pongs]).toEqual(answered ? ['c', 'b'] : []);
  });

  it(`${row.answersPings ? 'answers' : 'does not answer'} the backend's pings for a client that hangs`, async () => {
    const { client, backend } = await connected(row);
    client.socket.pause();
    backend.socket.ping('who is there');
    if (row.answersPings) await until('a pong', () => backend.pongs.length > 0);
    else await sleep(200);

    expect(backend.pongs).toEqual(row.answersPings ? ['who is there'] : []);
  });

  it('passes the close of the backend on', async () => {
    const { client, backend } = await connected(row);
    backend.socket.close(4002, 'later');

    expect(await client.ends()).toBe('4002 later');
    expect(await backend.ends()).toBe('4002 later');
  });

  const death = deathAt(row);

  it(`${death === undefined ? 'keeps the backend side of a client that leaves' : "passes a client's close on"}`, async () => {
    const { client, backend } = await connected(row);
    client.socket.close(4001, 'bye');
    if (death === undefined) await sleep(200);
    else await backend.ends();

    expect(backend.closed).toBe(death && '4001 bye');
  });

  it(`tells the backend of a client's death: ${death ?? 'nothing'}`, async () => {
    const { client, backend } = await connected(row);
    client.socket.terminate();
    if (death === undefined) await sleep(200);
    else await backend.ends();

    expect(backend.closed).toBe(death);
  });
});
