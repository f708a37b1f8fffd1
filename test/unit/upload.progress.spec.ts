import { describe, expect, it } from '@jest/globals';

import { noteUnaskedUpload, noteUpload } from '../../lib/liveness/upload.progress.js';
import { Records, type FakeRaw } from '../support/records.js';

const SECOND = 1_000;

function setUp(options: Parameters<Records['make']>[0] = {}) {
  const raw: FakeRaw = { bytesRead: 1_000 };
  const connection = new Records().make(
    { progress: { minBytesPerSecond: 64, maxMessageMs: 60_000 }, ...options },
    { raw },
  );
  const receive = (bytes: number): void => void (raw.bytesRead = raw.bytesRead! + bytes);
  return { connection, receive };
}

describe('noteUpload (R3)', () => {
  it('finds no evidence where nothing has come', () => {
    const { connection } = setUp();
    expect(noteUpload(connection, 1_000, SECOND)).toBe(false);
    expect(connection.upload).toBeUndefined();
  });

  it('counts the first growth whatever its speed: it may be an answer that is half here', () => {
    const { connection, receive } = setUp();
    receive(1);
    expect(noteUpload(connection, 1_000, 500 * SECOND)).toBe(true);
  });

  it.each([
    ['at the floor', 640, true],
    ['below the floor', 639, false],
    ['not at all', 0, false],
  ])('then wants the floor: grown %s', (_what, bytes, isEvidence) => {
    const { connection, receive } = setUp();
    receive(10_000);
    noteUpload(connection, 1_000, 100 * SECOND);
    receive(bytes);
    expect(noteUpload(connection, 11_000, 110 * SECOND)).toBe(isEvidence);
  });

  it('does not let one burst pay for the silence after it', () => {
    const { connection, receive } = setUp();
    receive(1_000_000);
    noteUpload(connection, 1_000, 0);
    receive(64 * 20);
    expect(noteUpload(connection, 0, 20 * SECOND)).toBe(true);
    receive(1);
    expect(noteUpload(connection, 0, 40 * SECOND)).toBe(false);
  });

  it('is no evidence at one and the same moment twice', () => {
    const { connection, receive } = setUp();
    receive(10);
    expect(noteUpload(connection, 1_000, SECOND)).toBe(true);
    expect(noteUpload(connection, 1_000, SECOND)).toBe(false);
  });

  it('ends the patience with one message after maxMessageMs, however fast it comes', () => {
    const { connection, receive } = setUp();
    const verdicts: boolean[] = [];
    for (let second = 0; second <= 70; second += 10) {
      receive(1_000_000);
      verdicts.push(noteUpload(connection, 1_000, second * SECOND));
    }
    expect(verdicts).toEqual([true, true, true, true, true, true, true, false]);
  });

  it('starts afresh with the next message', () => {
    const { connection, receive } = setUp();
    receive(1_000);
    noteUpload(connection, 1_000, 0);
    connection.messages++;
    receive(1);
    expect(noteUpload(connection, 2_000, 300 * SECOND)).toBe(true);
    expect(connection.upload).toMatchObject({ since: 300 * SECOND });
  });

  it('does not take pings and pongs for data', () => {
    const { connection, receive } = setUp();
    receive(14);
    connection.controlBytes += 14;
    expect(noteUpload(connection, 1_000, SECOND)).toBe(false);
  });
});

describe('noteUnaskedUpload', () => {
  it('refreshes the last evidence by what has come since the last beat', () => {
    const { connection, receive } = setUp({ heartbeat: false });
    connection.dataBytesAtBeat = 1_000;
    connection.beatAt = 10 * SECOND;
    receive(100);
    noteUnaskedUpload(connection, 20 * SECOND);
    expect(connection).toMatchObject({ lastPeerAt: 20 * SECOND, dataBytesAtBeat: 1_100 });
    connection.beatAt = 20 * SECOND + 1;
    noteUnaskedUpload(connection, 30 * SECOND);
    expect(connection.lastPeerAt).toBe(20 * SECOND);
  });

  it('takes what a peer has sent before it spoke for no upload', () => {
    const { connection, receive } = setUp({ heartbeat: false });
    connection.beatAt = 10 * SECOND;
    receive(100);
    connection.lastPeerAt = 11 * SECOND;
    connection.messages++;
    noteUnaskedUpload(connection, 20 * SECOND);
    expect(connection.lastPeerAt).toBe(11 * SECOND);
    expect(connection.upload).toBeUndefined();
  });
});
