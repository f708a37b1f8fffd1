import { describe, expect, it } from '@jest/globals';

import { observeBytes } from '../../lib/signals/byte.observer.js';
import { Records } from '../support/records.js';

describe('observeBytes', () => {
  it('notes when bytes were last seen to come in and to leave, each by itself', () => {
    const raw = { bytesRead: 100, bytesWritten: 0, writableLength: 0 };
    const connection = new Records().make({}, { raw });
    observeBytes(connection, 10);
    expect(connection).toMatchObject({ bytesInAt: 10, bytesOutAt: 0 });
    raw.bytesWritten = 50;
    observeBytes(connection, 20);
    expect(connection).toMatchObject({ bytesInAt: 10, bytesOutAt: 20 });
    raw.bytesRead = 101;
    observeBytes(connection, 30);
    observeBytes(connection, 40);
    expect(connection).toMatchObject({ bytesInAt: 30, bytesOutAt: 20 });
  });

  it('does not take for sent what still waits in this process', () => {
    const raw = { bytesRead: 0, bytesWritten: 500, writableLength: 500 };
    const connection = new Records().make({}, { raw });
    observeBytes(connection, 10);
    expect(connection.bytesOutAt).toBe(0);
    raw.writableLength = 400;
    observeBytes(connection, 20);
    expect(connection.bytesOutAt).toBe(20);
  });
});
