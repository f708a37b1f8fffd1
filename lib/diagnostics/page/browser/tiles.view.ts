import type { PageData } from '../../page.data.js';
import { byId, make, mark, write } from './dom.js';
import { count, counted, duration, latency, percent, sumOf } from './words.js';

/** A number that matters, and what is said under it. */
interface Tile {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly tone?: string;
}

/** The numbers of this moment. */
export class TilesView {
  private readonly list = byId('tiles');

  show(data: PageData): void {
    for (const [index, tile] of tilesOf(data).entries()) {
      const group = this.list.children[index] ?? this.list.appendChild(emptyTile());
      const [name, value, note] = group.children;
      mark(group, 'data-tone', tile.tone ?? '');
      write(name!, tile.name);
      write(value!, tile.value);
      write(note!, tile.note);
    }
  }
}

function emptyTile(): HTMLElement {
  return make(
    'div',
    { class: 'panel tile' },
    make('dt'),
    make('dd', { class: 'tile-value' }),
    make('dd', { class: 'note' }),
  );
}

function tilesOf({ snapshot, now, at }: PageData): Tile[] {
  return [
    activeTile(snapshot, now),
    silentTile(snapshot),
    answersTile(snapshot),
    ghostsTile(now),
    sweepTile(snapshot, at),
  ];
}

function activeTile(
  { total_connections: total }: PageData['snapshot'],
  { closing, identities }: PageData['now'],
): Tile {
  const notes = [
    identities === 0
      ? 'nobody identified'
      : `${count(identities)} ${identities === 1 ? 'identity' : 'identities'}`,
    ...(closing === 0 ? [] : [`${count(closing)} closing`]),
  ];
  return { name: 'Active connections', value: count(total), note: notes.join(', '), tone: 'main' };
}

function silentTile(snapshot: PageData['snapshot']): Tile {
  const { total_connections: total, connections_by_last_activity: idle, findings } = snapshot;
  const silent = idle['idle_5min+'];
  const note = total === 0 ? 'nobody is connected' : `${percent(silent, total)} of all`;
  const isTooMany = findings.some(({ signal }) => signal === 'stale_ratio');
  return {
    name: 'Silent for 5 min or more',
    value: count(silent),
    note,
    ...(isTooMany ? { tone: 'alarm' } : {}),
  };
}

function answersTile({ heartbeat }: PageData['snapshot']): Tile {
  const { latency_ms: latencies, timeouts_total: timeouts } = heartbeat;
  return {
    name: 'Heartbeat latency (p50)',
    value: latencies === undefined ? '–' : latency(latencies.p50),
    note:
      latencies === undefined
        ? 'no answer yet'
        : `p99 ${latency(latencies.p99)}, ${counted(timeouts, 'timeout')}`,
  };
}

function ghostsTile({ ghosts, spared }: PageData['now']): Tile {
  const [closed, observed] = [sumOf(ghosts), sumOf(spared)];
  const notes = [
    ...(observed === 0 || closed > 0 ? [`${count(closed)} closed`] : []),
    ...(observed === 0 ? [] : [`${count(observed)} only observed`]),
  ];
  return { name: 'Ghosts found', value: count(closed + observed), note: notes.join(', ') };
}

function sweepTile({ sweep }: PageData['snapshot'], at: number): Tile {
  const { last, swept_total: swept } = sweep;
  return {
    name: 'Last sweep',
    value: last === undefined ? '–' : `${duration(at - last.at)} ago`,
    note: last === undefined ? 'has not run yet' : `${sweepNote(last)}; ${count(swept)} swept so far`,
  };
}

function sweepNote({ stale, closed, dryRun }: NonNullable<PageData['snapshot']['sweep']['last']>): string {
  return dryRun ? `dry run, ${count(stale)} stale` : `${count(stale)} stale, ${count(closed)} closed`;
}
