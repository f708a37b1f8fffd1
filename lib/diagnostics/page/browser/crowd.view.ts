import type { PageData } from '../../page.data.js';
import { Bars } from './bars.js';
import { byId } from './dom.js';
import { AGE_NAMES, count, GHOST_NAMES, IDLE_NAMES, keysOf, sumOf } from './words.js';

const TONES = { active_last_60s: 'fine', 'idle_1-5min': 'quiet', 'idle_5min+': 'alarm' } as const;

/** Histograms: who is connected for how long, who is silent for how long, and what kind of ghosts there were. */
export class CrowdView {
  private readonly idle = new Bars(
    byId('bars-idle'),
    'Last sign of life',
    'Connections by their last evidence',
  );
  private readonly age = new Bars(byId('bars-age'), 'Connected for', 'Connections by their age');
  private readonly ghosts = new Bars(byId('bars-ghosts'), 'Ghosts by kind', '');

  show({ snapshot, now }: PageData): void {
    const { connections_by_last_activity: idle, connections_by_age: age } = snapshot;
    this.idle.show(
      keysOf(IDLE_NAMES).map((key) => ({ name: IDLE_NAMES[key], value: idle[key], tone: TONES[key] })),
    );
    this.age.show(keysOf(AGE_NAMES).map((key) => ({ name: AGE_NAMES[key], value: age[key] })));
    this.ghosts.show(
      keysOf(GHOST_NAMES).map((kind) => ({
        name: GHOST_NAMES[kind],
        value: now.ghosts[kind] + now.spared[kind],
      })),
      ghostNote(now),
    );
  }
}

function ghostNote({ ghosts, spared }: PageData['now']): string {
  const [closed, observed] = [sumOf(ghosts), sumOf(spared)];
  if (observed === 0) return 'Closed since the start, because the peer was gone';
  return `Peers that were gone: ${count(closed)} closed, ${count(observed)} only observed`;
}
