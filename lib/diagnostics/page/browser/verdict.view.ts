import type { DiagnosticsSnapshot } from '../../diagnostics.snapshot.js';
import { byId, mark, write } from './dom.js';
import { RefusedError } from './poller.js';
import { verdictOf, type Verdict } from './verdict.js';
import { exactTime } from './words.js';

const ICONS = {
  ok: 'dashboard/icon.svg',
  warning: 'dashboard/icon-warning.svg',
  critical: 'dashboard/icon-critical.svg',
};

/** The line at the top, the tab's title and icon, and what a screen reader is told: once for each change. */
export class VerdictView {
  private readonly banner = byId('verdict');
  private readonly title = byId('verdict-title');
  private readonly detail = byId('verdict-detail');
  private readonly share = byId('share');
  private known: { readonly verdict: Verdict; readonly at: number } | undefined;
  private announced = '';

  show(snapshot: DiagnosticsSnapshot, at: number): void {
    const verdict = verdictOf(snapshot);
    this.known = { verdict, at };
    this.say(verdict.level, verdict.title, verdict.detail);
    this.showShare(snapshot);
    mark(byId('icon'), 'href', ICONS[verdict.level]);
    const signals = snapshot.findings.map(({ signal, severity }) => `${signal} ${severity}`).sort();
    this.announce(`${verdict.level} ${signals.join()}`, announcement(verdict, snapshot));
  }

  /** The server does not answer, or not with what was asked for. */
  lost(error: unknown): void {
    const isRefused = error instanceof RefusedError && (error.status === 401 || error.status === 403);
    const title = isRefused ? 'Access refused' : 'Connection lost';
    const why = isRefused
      ? `The server answered ${error.status}: sign in again.`
      : 'The server cannot be reached.';
    const { known } = this;
    const last = known === undefined ? '' : ` Last known, at ${exactTime(known.at)}: ${known.verdict.title}.`;
    this.say('lost', title, `${why} Trying again…${last}`);
    this.announce('lost', `${title}. ${why}`);
  }

  private say(level: string, title: string, detail: string): void {
    mark(this.banner, 'data-level', level);
    write(this.title, title);
    write(this.detail, detail);
    const tab = `${title} · Connection health`;
    if (document.title !== tab) document.title = tab;
  }

  private showShare({ connections_by_last_activity: idle }: DiagnosticsSnapshot): void {
    const parts = [idle.active_last_60s, idle['idle_1-5min'], idle['idle_5min+']];
    const segments = [...this.share.children] as HTMLElement[];
    for (const [index, segment] of segments.entries()) segment.style.flexGrow = String(parts[index] ?? 0);
    this.share.hidden = parts.every((part) => part === 0);
  }

  private announce(key: string, text: string): void {
    if (key === this.announced) return;
    this.announced = key;
    write(byId('announcer'), text);
  }
}

function announcement({ title }: Verdict, { findings }: DiagnosticsSnapshot): string {
  return findings.length === 0 ? title : `${title}. Findings: ${findings.length}.`;
}
