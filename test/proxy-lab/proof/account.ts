import { expect } from '@jest/globals';

import type { TestApp } from '../../support/app.js';
import type { HoldingGateway } from './servers/holding.gateway.js';

/** How many connections there are, asked of everybody who should know. */
export interface Account {
  /** Opened minus closed, by the events. */
  readonly byEvents: number;
  readonly byDiagnostics: number;
  readonly byRecords: number;
  /** By the server itself: what the app really holds. */
  readonly bySockets: number;
  readonly byHandlers: number;
  /** Connections whose end was told more than once, or that had no beginning. */
  readonly told: readonly string[];
}

export function accountOf({ service, eventsOf }: TestApp, gateway: HoldingGateway): Account {
  const [opened, closed] = [eventsOf('opened'), eventsOf('closed')];
  const unfinished = new Set(opened.map(({ connection }) => connection.id));
  const told = closed.map(({ connection }) => connection.id).filter((id) => !unfinished.delete(id));
  return {
    byEvents: opened.length - closed.length,
    byDiagnostics: service.snapshot().total_connections,
    byRecords: service.connections().length,
    bySockets: gateway.server.clients.size,
    byHandlers: gateway.held.size,
    told,
  };
}

/** Everybody who should know says that there are so many, and each has begun once and ended at most once. */
export function expectAccount(app: TestApp, gateway: HoldingGateway, count: number): void {
  expect(accountOf(app, gateway)).toEqual({
    byEvents: count,
    byDiagnostics: count,
    byRecords: count,
    bySockets: count,
    byHandlers: count,
    told: [],
  });
}
