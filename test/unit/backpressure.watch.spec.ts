import { describe, expect, it } from '@jest/globals';

import type { BackpressureOptions } from '../../lib/connection-health.options.js';
import type { CloseOrder, ConnectionCloser } from '../../lib/connection/connection.closer.js';
import type { Connection } from '../../lib/connection/connection.js';
import { LifecycleBus } from '../../lib/lifecycle/lifecycle.bus.js';
import type { LifecycleEvent } from '../../lib/lifecycle/lifecycle.events.js';
import { BackpressureWatch } from '../../lib/signals/backpressure.watch.js';
import { Records } from '../support/records.js';

const LIMITS = { maxBufferedBytes: 1_000, maxAgeMs: 60_000 };

function setUp(backpressure: BackpressureOptions | false = LIMITS) {
  const records = new Records();
  const events: LifecycleEvent[] = [];
  const orders: CloseOrder[] = [];
  const bus = new LifecycleBus(
    () => 0,
    (error) => {
      throw error;
    },
  );
  bus.events$.subscribe((event) => events.push(event));
  const closer = { close: (_connection: Connection, order: CloseOrder) => orders.push(order) };
  const watch = new BackpressureWatch({
    closer: closer as unknown as ConnectionCloser,
    bus,
    photographer: records.photographer,
  });
  const raw = { bytesWritten: 0, writableLength: 0 };
  const connection = records.make({ backpressure }, { raw });
  /** So many bytes wait, all of them since they were sent. */
  const look = (bytes: number, now: number): void => {
    raw.bytesWritten += Math.max(0, bytes - raw.writableLength);
    raw.writableLength = bytes;
    records.driver.buffered = bytes;
    watch.turned(connection, now);
  };
  return { ...records, watch, connection, orders, events, look, told: () => events.map(({ type }) => type) };
}

describe('BackpressureWatch', () => {
  it('tells of too much once, until it is below half of the limit', () => {
    const { look, told, watch, events } = setUp();
    look(1_000, 1);
    expect(told()).toEqual([]);
    look(1_001, 2);
    look(5_000, 3);
    look(700, 4);
    look(1_100, 5);
    expect(told()).toEqual(['backpressured']);
    expect(events[0]).toMatchObject({ bufferedBytes: 1_001, oldestMs: 1 });
    expect(watch.count).toBe(1);
    look(500, 6);
    expect(told()).toEqual(['backpressured', 'backpressure_relieved']);
    expect(watch.count).toBe(0);
    look(1_001, 7);
    expect(told()).toHaveLength(3);
  });

  it('tells of what has waited for too long, however little, and not before', () => {
    const { look, told, events } = setUp();
    look(10, 0);
    look(10, 60_000);
    expect(told()).toEqual([]);
    look(10, 60_001);
    expect(events).toMatchObject([{ type: 'backpressured', bufferedBytes: 10, oldestMs: 60_001 }]);
    look(0, 60_002);
    expect(told()).toEqual(['backpressured', 'backpressure_relieved']);
  });

  it('closes only where it is to', () => {
    const reporting = setUp({ ...LIMITS, action: 'report' });
    reporting.look(2_000, 1);
    expect(reporting.orders).toEqual([]);
    const closing = setUp({ ...LIMITS, action: 'close' });
    closing.look(2_000, 1);
    closing.look(3_000, 2);
    expect(closing.orders).toEqual([{ reason: 'backpressure' }]);
  });

  it('does not look where it is off', () => {
    const { look, told } = setUp(false);
    look(1e9, 1);
    expect(told()).toEqual([]);
  });

  it.each(['closing', 'forgotten'] as const)('forgets a connection that is %s', (moment) => {
    const { look, watch, connection, told } = setUp();
    look(2_000, 1);
    watch[moment](connection);
    expect(watch.count).toBe(0);
    expect(told()).toEqual(['backpressured']);
  });
});
