import type { PageData } from '../../page.data.js';
import { Charts } from './charts.js';
import { ConnectionsView } from './connections.view.js';
import { CrowdView } from './crowd.view.js';
import { byId, mark } from './dom.js';
import { FindingsView } from './findings.view.js';
import { FleetView } from './fleet.view.js';
import { GatewaysView } from './gateways.view.js';
import { Palette } from './palette.js';
import { Poller, readJson } from './poller.js';
import { SampleStore, type Range } from './sample.store.js';
import { StatusView } from './status.view.js';
import { TilesView } from './tiles.view.js';
import { VerdictView } from './verdict.view.js';

const store = new SampleStore();
const verdict = new VerdictView();
const status = new StatusView();
const charts = new Charts(new Palette(() => charts.repaint()));
const views = [new TilesView(), new CrowdView()];
const findings = new FindingsView();
const gateways = new GatewaysView();
const fleet = new FleetView();

let range: Range = 'hour';
let isPaused = false;
/** Nobody looks at a hidden page, and then it asks for nothing. */
const isWatched = (): boolean => !isPaused && document.visibilityState === 'visible';

const connections = new ConnectionsView(isWatched);
const poller = new Poller<PageData>({
  everyMs: 1_000,
  ask: () => readJson<PageData>(`dashboard/data?since=${store.since}`),
  isWanted: isWatched,
  answered: show,
  failed: (error) => {
    verdict.lost(error);
    status.lost();
  },
});

function show(data: PageData): void {
  // Asked for before: a page that says "Paused" stands still.
  if (isPaused) return;
  const { snapshot, at } = data;
  status.live(data.process);
  verdict.show(snapshot, at);
  findings.show(snapshot.findings);
  for (const view of views) view.show(data);
  gateways.show(snapshot);
  fleet.show(snapshot, at);
  connections.offer(data.details);
  if (store.add(data)) charts.show(range, store.series(range));
}

function wake(): void {
  poller.wake();
  connections.wake();
}

function pause(): void {
  isPaused = !isPaused;
  mark(byId('pause'), 'aria-pressed', String(isPaused));
  if (isPaused) status.paused();
  else wake();
}

byId('pause').addEventListener('click', pause);
for (const choice of document.querySelectorAll<HTMLInputElement>('input[name="range"]'))
  choice.addEventListener('change', () => {
    range = choice.value as Range;
    charts.show(range, store.series(range));
  });
document.addEventListener('visibilitychange', wake);
wake();
