import { describe, expect, it } from '@jest/globals';

import { MemoryLogger } from '../support/app.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { Asker } from './support/asker.js';
import { startAudited, TOKEN, useAudited } from './support/audited.app.js';
import { ShiftedClock } from './support/shifted.clock.js';

const start = useAudited();

describe('a gateway without the option', () => {
  it('hands client_audit to the app byte for byte', async () => {
    const app = await start({ audit: false });
    const client = await TestClient.connect(app.url);
    const text = ` {"type":"client_audit", "ask":"begin","id":1,"token":"${TOKEN}","run":"r"}`;
    client.socket.send(text);
    await until('the app has it', () => app.frames.length === 1);
    expect(String(app.frames[0]!.data)).toBe(text);
    expect(client.messages).toEqual([]);
    expect(client.isOpen).toBe(true);
  });
});

describe('the token', () => {
  it.each([
    ['wrong', { ask: 'begin', token: 'another-token-of-some-length', run: 'r' }],
    ['missing', { ask: 'begin', run: 'r' }],
    ['no text', { ask: 'begin', token: 17, run: 'r' }],
    ['not even asked for', { ask: 'echo' }],
    ['a fate', { ask: 'fate', session: 'x' }],
  ])(
    'refuses a connection where it is %s, with 1008, and lets nothing reach the app',
    async (_what, question) => {
      const app = await start();
      const asker = await Asker.connect(app.url);
      asker.tell(question);
      await until('it is closed', () => asker.client.closed !== undefined);
      expect(asker.heard).toEqual([expect.objectContaining({ refused: 'token' })]);
      expect(asker.client.closed).toMatchObject({ code: 1008 });
      expect(app.frames).toEqual([]);
      expect(app.eventsOf('audit_refused')).toEqual([expect.objectContaining({ why: 'token' })]);
    },
  );

  it('is refused without a look, right or wrong, after some wrong ones, and nobody else is affected', async () => {
    const clock = new ShiftedClock();
    const app = await start({ clock });
    const bystander = await TestClient.connect(app.url);
    for (let wrong = 0; wrong < 5; wrong++) {
      const asker = await Asker.connect(app.url);
      asker.tell({ ask: 'begin', token: 'x'.repeat(20), run: 'r' });
      await until('it is closed', () => asker.client.closed !== undefined);
    }
    const asker = await Asker.connect(app.url);
    asker.tell({ ask: 'begin', token: TOKEN, run: 'r' });
    await until('it is closed', () => asker.client.closed !== undefined);
    expect(asker.heard).toEqual([expect.objectContaining({ refused: 'rate_limited' })]);
    clock.shiftMs += 60_001;
    await Asker.begun(app.url);
    bystander.send({ event: 'chat', data: 'hello' });
    await until('the app hears the others', () => app.messages.length === 1);
    expect(bystander.isOpen).toBe(true);
  });

  it('is looked at once for each connection, whatever else was sent in one go', async () => {
    const app = await start();
    const asker = await Asker.connect(app.url);
    for (let wrong = 0; wrong < 50; wrong++) asker.tell({ ask: 'begin', token: 'x'.repeat(20), run: 'r' });
    await until('it is closed', () => asker.client.closed !== undefined);
    expect(app.eventsOf('audit_refused')).toHaveLength(1);
    await Asker.begun(app.url);
    expect(app.frames).toEqual([]);
  });

  it('is in no event, log line, snapshot or list of connections', async () => {
    const logger = new MemoryLogger();
    const app = await start({ logging: { level: 'debug' } }, { logger });
    await Asker.begun(app.url);
    const asker = await Asker.connect(app.url);
    asker.tell({ ask: 'begin', token: `${TOKEN}-and-more`, run: 'r' });
    await until('it is refused', () => app.eventsOf('audit_refused').length === 1);
    await until('it is logged', () => logger.textOf('warn').includes('an audit was refused'));
    const told = JSON.stringify([
      app.events,
      logger.lines,
      app.service.snapshot(),
      app.service.connections(),
    ]);
    expect(told).toContain('audit_refused');
    expect(told).not.toContain(TOKEN);
  });

  it.each(['short', 'has spaces in it, which no shell likes', 'x'.repeat(257), 17_171_717_171_717])(
    'stops the boot where it cannot be used, and is not shown: %s',
    async (token) => {
      const starting = startAudited({ audit: { token } as { token: string } });
      await expect(starting).rejects.toThrow('option "audit.token": expected a text of 16 to 256');
      await expect(starting).rejects.not.toThrow(String(token).slice(0, 6));
    },
  );
});
