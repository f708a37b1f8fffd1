import { describe, expect, it } from '@jest/globals';

import { WsDriver } from '../../lib/transport/ws.driver.js';

describe('WsDriver', () => {
  it.each([
    ['bytes wait for the inflater', { _receiver: { writableLength: 1 } }, true],
    ['all was read', { _receiver: { writableLength: 0 } }, false],
    ['the receiver is gone', { _receiver: null }, false],
    ['it is no socket of ws', {}, false],
  ])('knows whether ws is busy with what it has read (R2): %s', (_what, socket, isDigesting) => {
    expect(new WsDriver().isDigesting(socket)).toBe(isDigesting);
  });
});
