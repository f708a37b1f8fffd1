import { randomBytes } from 'node:crypto';

import type { HistorySample } from '../../connection/connection.history.js';
import type { DiagnosticsSource } from '../diagnostics.source.js';
import type { PageData } from '../page.data.js';

/** Between two snapshots, in milliseconds. */
const SNAPSHOT_EVERY_MS = 1_000;

/**
 * What viewers read. A snapshot looks at every connection, so all viewers share one, and there is at most one a second.
 * It is taken when somebody asks and never by a timer: nobody watching costs nothing.
 */
export class PageFeed {
  private readonly process = randomBytes(9).toString('base64url');
  private latest: Pick<PageData, 'at' | 'snapshot' | 'now'> | undefined;
  private takenAt = -Infinity;

  constructor(
    private readonly parts: {
      readonly source: DiagnosticsSource;
      readonly details: boolean;
      /** Milliseconds, monotonic. */
      readonly now: () => number;
    },
  ) {}

  /** @param since milliseconds since the Unix epoch; older samples of the history are left out */
  read(since: number): PageData {
    const { source, details } = this.parts;
    const moment = this.moment();
    const { lastHour, lastDay } = source.history();
    return {
      ...moment,
      process: this.process,
      lastHour: newerThan(since, lastHour),
      lastDay: newerThan(since, lastDay),
      details,
    };
  }

  private moment(): Pick<PageData, 'at' | 'snapshot' | 'now'> {
    const now = this.parts.now();
    if (this.latest !== undefined && now - this.takenAt < SNAPSHOT_EVERY_MS) return this.latest;
    const { source } = this.parts;
    const sample = source.sample();
    this.latest = { at: sample.at, snapshot: source.snapshot(), now: sample };
    this.takenAt = now;
    return this.latest;
  }
}

function newerThan(since: number, samples: readonly HistorySample[]): readonly HistorySample[] {
  return samples.filter(({ at }) => at > since);
}
