import { describe, expect, it } from '@jest/globals';

import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { LifecycleEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { UserCode } from '../../lib/lifecycle/user.code.js';

function setUp() {
  const failures: unknown[] = [];
  const bus = new LifecycleBus(
    () => 1_234,
    (error) => failures.push(error),
  );
  return { bus, failures };
}

const stalled = () => ({ stalledMs: 5 });

describe('LifecycleBus', () => {
  it('does not even build an event that nobody listens to', () => {
    const { bus } = setUp();
    let built = 0;
    const build = () => {
      built++;
      return { stalledMs: 1 };
    };
    bus.on('opened', () => undefined);
    bus.publish('stalled', build);
    const stop = bus.on('stalled', () => undefined);
    bus.publish('stalled', build);
    stop();
    bus.publish('stalled', build);
    const subscription = bus.events$.subscribe();
    bus.publish('stalled', build);
    subscription.unsubscribe();
    bus.publish('stalled', build);
    expect(built).toBe(2);
  });

  it('builds an event once, with its type and time, however many listen', () => {
    const { bus } = setUp();
    const heard: LifecycleEvent[] = [];
    for (let listener = 0; listener < 3; listener++) bus.on('stalled', (event) => heard.push(event));
    bus.events$.subscribe((event) => heard.push(event));
    bus.publish('stalled', stalled);
    expect(heard).toHaveLength(4);
    expect(heard[0]).toEqual({ type: 'stalled', at: 1_234, stalledMs: 5 });
    expect(new Set(heard).size).toBe(1);
  });

  it('lets no listener that throws keep the event from the others (R11)', () => {
    const { bus, failures } = setUp();
    const heard: string[] = [];
    bus.on('stalled', () => heard.push('first'));
    bus.on('stalled', () => {
      throw new Error('listener');
    });
    bus.on('stalled', () => heard.push('third'));
    bus.events$.subscribe(() => heard.push('subscriber'));
    bus.publish('stalled', stalled);
    expect(heard).toEqual(['first', 'third', 'subscriber']);
    expect(failures).toEqual([new Error('listener')]);
  });

  it('may be listened to and left from within a listener', () => {
    const { bus } = setUp();
    const heard: string[] = [];
    const stop = bus.on('stalled', () => {
      heard.push('once');
      stop();
      bus.on('stalled', () => heard.push('late'));
    });
    bus.publish('stalled', stalled);
    bus.publish('stalled', stalled);
    expect(heard).toEqual(['once', 'late']);
  });

  it('ends with the app: listeners are forgotten and subscribers told', () => {
    const { bus } = setUp();
    const heard: string[] = [];
    bus.on('stalled', () => heard.push('listener'));
    bus.events$.subscribe({ next: () => heard.push('next'), complete: () => heard.push('complete') });
    bus.close();
    bus.publish('stalled', stalled);
    expect(heard).toEqual(['complete']);
  });

  it('tells whoever subscribes after the end that it has ended', () => {
    const { bus } = setUp();
    const heard: string[] = [];
    bus.close();
    bus.events$.subscribe({ complete: () => heard.push('complete') });
    expect(heard).toEqual(['complete']);
  });
});

function fenced() {
  const { bus, failures } = setUp();
  const events: LifecycleEvent[] = [];
  bus.on('user_code_failed', (event) => events.push(event));
  return { bus, failures, events, userCode: new UserCode(bus) };
}

function fail(error: unknown): () => never {
  return () => {
    throw error;
  };
}

describe('UserCode (R11)', () => {
  it('returns what was returned', () => {
    expect(fenced().userCode.run('identify', () => 42)).toBe(42);
  });

  it('counts and reports what was thrown, and what was rejected later', async () => {
    const { userCode, events } = fenced();
    expect(userCode.run('identify', fail(new Error('at once')))).toBeUndefined();
    await expect(userCode.run('hook', () => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(userCode.failures).toBe(2);
    expect(events).toMatchObject([
      { what: 'identify', error: 'at once' },
      { what: 'hook', error: 'later' },
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'text'],
    ['a symbol', Symbol('odd')],
    ['an object without a prototype', Object.create(null)],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: 5 })],
    [
      'an error whose message throws',
      Object.defineProperty(new Error('x'), 'message', { get: fail(new Error('y')) }),
    ],
  ])('survives %s as an error, and hears of the next failure too', (_what, error) => {
    const { userCode, events } = fenced();
    expect(() => userCode.run('identify', fail(error))).not.toThrow();
    userCode.run('identify', fail(new Error('next')));
    expect(events).toMatchObject([{ what: 'identify' }, { what: 'identify', error: 'next' }]);
    expect(() => JSON.stringify(events)).not.toThrow();
  });

  it('bounds and escapes what an error says, which may be what a client said (R10)', () => {
    const { userCode, events } = fenced();
    userCode.run('identify', fail(new Error(`bad token \u202e\r\n${'x'.repeat(100_000)}`)));
    expect(events[0]).toMatchObject({
      error: expect.stringMatching(/^bad token \\u202e\\u000d\\u000ax+…$/) as unknown,
    });
    expect(JSON.stringify(events[0]).length).toBeLessThan(8_000);
    expect(JSON.stringify(events[0])).not.toContain('\u202e');
  });

  it('does not go round in circles when the report itself fails', () => {
    let circular: UserCode | undefined;
    const fragile = new LifecycleBus(
      () => 0,
      (error) => circular?.report('listener', error),
    );
    circular = new UserCode(fragile);
    fragile.on('user_code_failed', fail(new Error('report')));
    circular.run('identify', fail(new Error('first')));
    expect(circular.failures).toBe(2);
  });
});
