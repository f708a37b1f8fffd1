import type { DiagnosticsSnapshot, GatewayDiagnostics } from '../../diagnostics.snapshot.js';
import { byId } from './dom.js';
import { Table } from './table.js';
import { count, sumOf } from './words.js';

type Row = readonly [name: string, gateway: GatewayDiagnostics];

/** One line per gateway. */
export class GatewaysView {
  private readonly table = new Table<Row>(
    'Connections by gateway',
    [
      { title: 'Gateway', text: ([name, gateway]) => name + carriersOf(gateway) },
      { title: 'Active', text: ([, { total_connections: total }]) => count(total), kind: 'number' },
      {
        title: 'Silent\u00a05\u00a0min+',
        text: ([, { connections_by_last_activity: idle }]) => count(idle['idle_5min+']),
        kind: 'number',
      },
      { title: 'Identities', text: ([, { identities }]) => count(identities), kind: 'number' },
      { title: 'Closing', text: ([, { closing }]) => count(closing), kind: 'number' },
      { title: 'Slow readers', text: ([, { backpressured }]) => count(backpressured), kind: 'number' },
      { title: 'Opened', text: ([, { opened_total: opened }]) => count(opened), kind: 'number' },
      { title: 'Closed', text: ([, { closed_total: closed }]) => count(sumOf(closed)), kind: 'number' },
      {
        title: 'Ghosts',
        text: ([, { ghosts_total: ghosts, observed_ghosts: observed }]) =>
          count(sumOf(ghosts) + sumOf(observed)),
        kind: 'number',
      },
    ],
    'cards',
  );

  constructor() {
    byId('gateways').append(this.table.element);
  }

  show({ gateways }: DiagnosticsSnapshot): void {
    this.table.show(Object.entries(gateways));
  }
}

/** Where a library chooses between transports, how many each of them carries. */
function carriersOf({ connections_by_transport: carriers = {} }: GatewayDiagnostics): string {
  const told = Object.entries(carriers).filter(([transport]) => transport !== 'ws');
  return told.length === 0 ? '' : ` (${told.map(([name, number]) => `${count(number)} ${name}`).join(', ')})`;
}
