import { KINDS } from './kinds.mjs';

/** Examples named in a sentence. */
const MAX_EXAMPLES = 3;

/** Compares what the server did with the truth, record by record, and adds it up by kind of death. */
export class Judge {
  byKind = Object.fromEntries(
    Object.keys(KINDS).map((kind) => [kind, { died: 0, gone: 0, wrong: 0, held: 0, worst: undefined }]),
  );
  lost = [];
  starved = 0;
  late = [];
  wrong = [];

  #bounds;
  #settings;

  constructor(bounds, settings) {
    this.#bounds = bounds;
    this.#settings = settings;
  }

  /** A connection that is over, one way or the other. `at` is now, for those who should be gone and are not. */
  settle(record, at) {
    const { end, diedAt, seenClosed } = record;
    if (diedAt === undefined || (end !== undefined && end.at < diedAt)) {
      this.#loseHealthy(record, end?.at ?? seenClosed.at);
      return;
    }
    const row = this.byKind[record.kind];
    row.died++;
    if (record.heldAt >= diedAt) row.held++;
    if (end === undefined) {
      this.#noteMargin(row, record, at - diedAt, this.#bounds.inAll(record, at), 'not gone after');
      return;
    }
    row.gone++;
    if (KINDS[record.kind].ghost === undefined) this.#settlePolite(row, record);
    else this.#settleGhost(row, record);
  }

  /** Whether a dead connection that is still there has had its time, generously: it is judged exactly later. */
  isOverdue(record, at) {
    return at > record.diedAt + this.#bounds.inAll(record, at) + this.#settings.timeoutMs;
  }

  #settlePolite(row, record) {
    const { end, diedAt, kind } = record;
    const boundMs = this.#bounds.toBeGone(record, diedAt, end.at);
    this.#noteMargin(row, record, end.at - diedAt, boundMs, 'gone after');
    if (end.reason !== KINDS[kind].reason || end.ghost !== undefined) this.#noteWrong(row, record);
  }

  #settleGhost(row, record) {
    const { end, diedAt, kind, home, delayMs } = record;
    const foundAt = record.foundAt >= diedAt ? record.foundAt : end.at;
    this.#noteMargin(row, record, foundAt - diedAt, this.#bounds.toBeFound(record, foundAt), 'found after');
    const goneMs = this.#bounds.toBeGone(record, foundAt, end.at);
    if (end.at - foundAt > goneMs)
      this.#noteLate(record, end.at - foundAt, goneMs, 'gone, once found, after');
    const isRight = ['timeout', 'stale_sweep'].includes(end.reason) && end.ghost === KINDS[kind].ghost;
    // Who answers for a dead program has half a timeout for the probe, and must itself have been running.
    const probedAt = foundAt - this.#settings.timeoutMs;
    const ownTimeMs = home.gaps.longestBetween(probedAt, foundAt) + 2 * delayMs;
    const wasStarved = ownTimeMs > this.#settings.timeoutMs / 4;
    if (!isRight && wasStarved) this.starved++;
    else if (!isRight) this.#noteWrong(row, record);
  }

  #loseHealthy(record, at) {
    const { timeoutMs } = this.#settings;
    const verdictAt = record.foundAt ?? at;
    if (this.#ownTimeMs(record, verdictAt) > timeoutMs / 2) this.starved++;
    else this.lost.push(obituaryOf(record, verdictAt) + this.#bounds.story(record, verdictAt));
  }

  /** What a client and its process need at worst, by their own account, until an answer of theirs is on its way. */
  #ownTimeMs({ home, delayMs, seenClosed }, verdictAt) {
    const { intervalMs, timeoutMs } = this.#settings;
    const { askedAt, answeredAt = Infinity } = seenClosed ?? {};
    const answerMs = askedAt === undefined ? 0 : Math.min(answeredAt, verdictAt) - askedAt;
    const notRunningMs = home.gaps.longestBetween(verdictAt - intervalMs - timeoutMs, verdictAt);
    return Math.max(0, answerMs) + notRunningMs + 2 * delayMs;
  }

  #noteMargin(row, record, tookMs, boundMs, what) {
    const marginMs = boundMs - tookMs;
    if (row.worst === undefined || marginMs < row.worst.marginMs) row.worst = { tookMs, boundMs, marginMs };
    if (marginMs < 0) this.#noteLate(record, tookMs, boundMs, what);
  }

  #noteLate(record, tookMs, boundMs, what) {
    this.late.push(
      `${record.id} (${record.kind}) was ${what} ${Math.round(tookMs)} of ${Math.round(boundMs)} ms`,
    );
  }

  #noteWrong(row, { id, kind, end }) {
    row.wrong++;
    this.wrong.push(`${id} (${kind}) closed as ${end.reason} ${end.ghost ?? ''}`.trim());
  }
}

/** A few of many, in words. */
export function examplesOf(list) {
  const rest = list.length > MAX_EXAMPLES ? ', …' : '';
  return list.slice(0, MAX_EXAMPLES).join(', ') + rest;
}

/** What is known of the last moments of a client that should have lived. */
function obituaryOf(record, verdictAt) {
  const { id, end, seenClosed, bornAt, isCompressed, delayMs } = record;
  const before = (moment) => (moment === undefined ? 'never' : `${Math.round(verdictAt - moment)} ms`);
  const reason = `${end?.reason ?? 'closed'} ${end?.code ?? seenClosed.code} ${end?.ghost ?? ''}`.trim();
  const last = `asked ${before(seenClosed?.askedAt)} and its answer gone ${before(seenClosed?.answeredAt)}`;
  const line = `${isCompressed ? 'compressed, ' : ''}${delayMs} ms away`;
  return `\n  ${id} (${reason}; ${line}): born ${before(bornAt)}, last ${last} before the verdict; `;
}
