import type { ServerOptions } from 'socket.io';

import { settings } from './settings.js';

/**
 * What both gateways say of their server. They share one, and only one of them is asked: so both say the same. Engine.IO's
 * numbers are told to the clients, which give a silent server up after the sum of both.
 */
export const serverOptions: Partial<ServerOptions> = {
  pingInterval: settings.intervalMs,
  pingTimeout: (settings.intervalMs * 2) / 3,
  connectionStateRecovery: { maxDisconnectionDuration: 120_000 },
};
