import type { FleetNodeSnapshot } from '../../../fleet/fleet.answers.js';
import type { DiagnosticsSnapshot } from '../../diagnostics.snapshot.js';
import { byId, mark, write } from './dom.js';
import { Table } from './table.js';
import { count, counted, duration } from './words.js';

/** A node, and the moment at which it is looked at, by the clock that told of it. */
type Row = readonly [node: FleetNodeSnapshot, now: number];

/** All nodes, where there are others or could be. */
export class FleetView {
  private readonly table = new Table<Row>(
    'Nodes of the fleet',
    [
      { title: 'Node', text: ([{ name, is_self: isSelf }]) => (isSelf ? `${name} (this one)` : name) },
      { title: 'Connections', text: ([{ total_connections: total }]) => count(total), kind: 'number' },
      {
        title: 'Silent\u00a05\u00a0min+',
        text: ([{ connections_by_last_activity: idle }]) => count(idle['idle_5min+']),
        kind: 'number',
      },
      { title: 'Overdue', text: ([{ overdue }]) => count(overdue), kind: 'number' },
      { title: 'Identities', text: ([{ identities }]) => count(identities), kind: 'number' },
      { title: 'Findings', text: ([{ findings }]) => count(findings.length), kind: 'number' },
      { title: 'Up for', text: ([{ started_at: at }, now]) => duration(now - at), kind: 'number' },
      { title: 'Last beat', text: ([{ beat_ms_ago: ms }]) => `${duration(ms)} ago`, kind: 'number' },
    ],
    'cards',
  );

  constructor() {
    byId('fleet-nodes').append(this.table.element);
  }

  show({ fleet }: DiagnosticsSnapshot, now: number): void {
    const { nodes, store, members, partial, lost, total_connections: total } = fleet;
    const isShared = nodes > 1 || store !== 'memory';
    byId('fleet-section').hidden = !isShared;
    if (!isShared) return;
    mark(byId('fleet'), 'data-nodes', String(nodes));
    const sentences = [
      `${count(total)} connections on ${counted(nodes, 'node')}, which know of each other through ${store}.`,
      partial ? 'Something is missing: the store or a node does not answer.' : '',
      lost[0] === undefined
        ? ''
        : `Lost last: ${lost[0].name}, with ${counted(lost[0].connections, 'connection')}.`,
    ];
    write(byId('fleet'), sentences.filter((sentence) => sentence !== '').join(' '));
    this.table.show(members.map((member): Row => [member, now]));
  }
}
