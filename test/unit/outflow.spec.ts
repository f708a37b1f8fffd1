import { describe, expect, it } from '@jest/globals';

import { isOwnFrameWaiting, noteOwnFrame, observeOutflow } from '../../lib/connection/outflow.js';
import { Records, type FakeRaw } from '../support/records.js';

/** A connection whose unsent bytes are moved by hand, as Node and the kernel move them. */
function setUp() {
  const records = new Records();
  let queued = 0;
  const raw: FakeRaw & { bytesWritten: number; writableLength: number } = {
    bytesWritten: 0,
    writableLength: 0,
    _handle: {
      get writeQueueSize() {
        return queued;
      },
    },
  };
  const connection = records.make({}, { raw });
  /** The app sends; nothing leaves. */
  const write = (bytes: number): void => {
    raw.bytesWritten += bytes;
    raw.writableLength += bytes;
    records.driver.buffered += bytes;
    queued += bytes;
  };
  /** Whole writes leave the process. */
  const drain = (bytes: number): void => {
    raw.writableLength -= bytes;
    records.driver.buffered -= bytes;
    queued -= bytes;
  };
  /** The kernel takes a part of the write in progress. */
  const trickle = (bytes: number): void => void (queued -= bytes);
  return { ...records, raw, connection, write, drain, trickle };
}

describe('a frame of ours that a library holds back above the TCP connection', () => {
  it('waits until it was written, and then until that has left, whatever the app has sent since', () => {
    const { connection, driver, raw, write } = setUp();
    let isHeld = true;
    Object.assign(driver, { holdsOwnFrame: () => isHeld });
    // The app's packets wait in the library: no sum of bytes can tell ours from them.
    driver.buffered = 1_000;
    noteOwnFrame(connection);
    expect(isOwnFrameWaiting(connection)).toBe(true);
    write(500);
    isHeld = false;
    expect(isOwnFrameWaiting(connection)).toBe(true);
    raw.writableLength -= 500;
    expect(isOwnFrameWaiting(connection)).toBe(false);
    expect(driver.buffered).toBeGreaterThan(0);
  });
});

describe('observeOutflow', () => {
  it('knows of nothing where nothing waits', () => {
    const { connection, write, drain } = setUp();
    expect(observeOutflow(connection, 0)).toBeUndefined();
    write(100);
    expect(observeOutflow(connection, 1)).toBeDefined();
    drain(100);
    expect(observeOutflow(connection, 2)).toBeUndefined();
    expect(connection.outflow).toBeUndefined();
  });

  it('tells when bytes last moved: whole writes, or a part of one', () => {
    const { connection, write, drain, trickle } = setUp();
    write(1_000);
    write(1_000);
    expect(observeOutflow(connection, 10)!.movedAt).toBe(10);
    expect(observeOutflow(connection, 20)!.movedAt).toBe(10);
    drain(1_000);
    expect(observeOutflow(connection, 30)!.movedAt).toBe(30);
    trickle(1);
    expect(observeOutflow(connection, 40)!.movedAt).toBe(40);
    expect(observeOutflow(connection, 50)!.movedAt).toBe(40);
  });

  it('does not take more that is sent for movement', () => {
    const { connection, write } = setUp();
    write(1_000);
    observeOutflow(connection, 10);
    write(1_000);
    expect(observeOutflow(connection, 20)!.movedAt).toBe(10);
  });

  it('tells since when the oldest byte has waited at least', () => {
    const { connection, write, drain } = setUp();
    write(1_000);
    expect(observeOutflow(connection, 10)!.oldestAt).toBe(10);
    write(1_000);
    expect(observeOutflow(connection, 20)!.oldestAt).toBe(10);
    drain(1_000);
    expect(observeOutflow(connection, 30)!.oldestAt).toBe(30);
    expect(observeOutflow(connection, 90)!.oldestAt).toBe(30);
  });

  it('needs no handle and no stream: behind odd adapters there is neither', () => {
    const records = new Records();
    const connection = records.make();
    records.driver.buffered = 5;
    expect(observeOutflow(connection, 1)).toMatchObject({ movedAt: 1 });
    expect(observeOutflow(connection, 9)).toMatchObject({ movedAt: 1 });
  });
});

describe('isOwnFrameWaiting', () => {
  it('is so until our frame has left, whatever waits behind it', () => {
    const { connection, write, drain } = setUp();
    expect(isOwnFrameWaiting(connection)).toBe(false);
    write(1_000);
    write(50);
    noteOwnFrame(connection);
    write(1_000);
    drain(1_000);
    expect(isOwnFrameWaiting(connection)).toBe(true);
    drain(50);
    expect(isOwnFrameWaiting(connection)).toBe(false);
    expect(connection.bufferedBytes).toBe(1_000);
  });

  it('is not so where the frame left at once', () => {
    const { connection, write } = setUp();
    noteOwnFrame(connection);
    write(1_000);
    expect(isOwnFrameWaiting(connection)).toBe(false);
  });

  it('is so where ws itself holds it back, until everything has gone', () => {
    const { connection, driver } = setUp();
    driver.buffered = 70;
    noteOwnFrame(connection);
    expect(isOwnFrameWaiting(connection)).toBe(true);
    driver.buffered = 0;
    expect(isOwnFrameWaiting(connection)).toBe(false);
    driver.buffered = 10;
    expect(isOwnFrameWaiting(connection)).toBe(false);
  });
});
