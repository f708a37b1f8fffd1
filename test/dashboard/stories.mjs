// What the page is shown where no crowd of clients could make it up in a test's time: a day of a leak, and a healthy one.
// Plain data in the shapes of DiagnosticsSnapshot and HistorySample, the same in each run.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** 0 to 1, always the same for the same number. */
function chance(seed) {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value);
}

/** The value of a line through points at an hour. */
function through(points, hour) {
  const after = points.findIndex(([at]) => at >= hour);
  if (after <= 0) return points.at(after === -1 ? -1 : 0)[1];
  const [[x0, y0], [x1, y1]] = [points[after - 1], points[after]];
  return y0 + ((y1 - y0) * (hour - x0)) / (x1 - x0);
}

/** A count that grows all day, sometimes faster and sometimes slower, and never backwards. */
function countOf(perHour, hoursSinceStart) {
  const wave = (frequency, part) => (part * Math.cos(frequency * hoursSinceStart)) / frequency;
  return Math.round(perHour * (hoursSinceStart - wave(0.26, 0.2) - wave(23, 0.2) - wave(151, 0.2)));
}

function noReasons() {
  return {
    stale_sweep: 0,
    timeout: 0,
    backpressure: 0,
    evicted: 0,
    shutdown: 0,
    abuse: 0,
    clean: 0,
    error: 0,
  };
}

/** Hours before now, and how many are left over from then: 45, 120, 380 and 1006 by age. */
const LEFT_OVER = [
  [-24, 0],
  [-12, 1006],
  [-6, 1386],
  [-1, 1506],
  [0, 1551],
];

/** The case of the design's section 9: clients behind a proxy leave, and their connections stay. */
export function leak(now) {
  const sampleAt = (at) => {
    const hours = (at - now) / HOUR;
    const active = Math.round(through(LEFT_OVER, hours));
    const visits = countOf(260, hours + 24);
    const errors = countOf(14, hours + 24);
    return {
      at,
      active,
      closing: 0,
      identities: Math.max(0, Math.round(Math.min(43, active) + 4 * Math.sin(hours * 3) - 2)),
      opened: active + visits + errors,
      closed: { ...noReasons(), clean: visits, error: errors },
      ghosts: { silent: 0, proxy_answered: 0, unknown: 0 },
      spared: { silent: Math.round(active * 0.011), proxy_answered: Math.round(active * 0.96), unknown: 0 },
      latencyP50Ms: 21 + 3 * Math.sin(hours * 0.8) + Math.sin(hours * 4.1),
      latencyP99Ms: 118 + 17 * Math.sin(hours * 0.9) + 9 * Math.sin(hours * 2.3) + 7 * Math.sin(hours * 5.9),
    };
  };
  const sample = {
    ...sampleAt(now),
    identities: 42,
    spared: { silent: 17, proxy_answered: 1489, unknown: 0 },
  };
  const byAge = { '0-1h': 45, '1-6h': 120, '6-12h': 380, '12-24h': 1006, '24h+': 0 };
  const byActivity = { active_last_60s: 42, 'idle_1-5min': 3, 'idle_5min+': 1506 };
  const chat = gateway(sample, {
    total: 1288,
    identities: 37,
    byAge: { '0-1h': 36, '1-6h': 97, '6-12h': 311, '12-24h': 844, '24h+': 0 },
    byActivity: { active_last_60s: 34, 'idle_1-5min': 2, 'idle_5min+': 1252 },
    share: 0.83,
  });
  const prices = gateway(sample, {
    total: 263,
    identities: 12,
    byAge: { '0-1h': 9, '1-6h': 23, '6-12h': 69, '12-24h': 162, '24h+': 0 },
    byActivity: { active_last_60s: 8, 'idle_1-5min': 1, 'idle_5min+': 254 },
    share: 0.17,
  });
  return story(now, sampleAt, sample, {
    byAge,
    byActivity,
    gateways: { ChatGateway: chat, PricesGateway: prices },
    // As lib/signals says them.
    findings: [
      {
        signal: 'stale_ratio',
        severity: 'critical',
        message:
          '1506 of 1551 connections have given no evidence of life for 5 minutes or more (97 %, limit 50 %): ' +
          'they take memory, file descriptors and presence for clients that are gone',
        next_step:
          'Quantify: compare how many connections the load balancer, the proxy and this app (total_connections of its diagnostics) ' +
          'count; the leak is at the layer with the largest gap to the next. Sweep: POST …/sweep beside the diagnostics with ' +
          '{"staleAfterMs":300000}, or service.sweep({ staleAfterMs: 300_000 }); with dryRun: true to see first whom it ' +
          'would close, with dryRun: false where the options only observe. Do not restart blindly: a restart hides the ' +
          'leak and drops the healthy, too.',
      },
      {
        signal: 'ghosts_behind_terminating_proxy',
        severity: 'warning',
        message:
          '8 of 8 ghosts of the last 10 minutes (8 of them only observed, not closed) answered protocol pings, but no ' +
          'heartbeat: something in between answers for clients that are gone, a proxy that terminates WebSockets or a ' +
          'browser whose page is frozen',
        next_step:
          'Check the proxy that terminates WebSockets (OpenResty with lua-resty-websocket, Kong): it must close its side ' +
          'to this app when its client goes, and needs timeouts of its own on both sides. Do not restart blindly: a ' +
          'restart hides the leak and drops the healthy, too.',
      },
    ],
    sweep: { found: 1506, closed: 0, dryRun: true },
  });
}

/** An ordinary day. */
export function healthy(now) {
  const sampleAt = (at) => {
    const hours = (at - now) / HOUR;
    const day = Math.sin(((hours - 4) / 24) * 2 * Math.PI);
    const active = Math.round(840 + 420 * day + 6 * Math.sin(hours * 40));
    const gone = countOf(1900, hours + 30);
    const [timeout, error, sweep] = [21, 60, 2].map((perHour) => countOf(perHour, hours + 29));
    return {
      at,
      active,
      closing: 0,
      identities: Math.round(active * 0.94),
      opened: active + gone + timeout + error + sweep,
      closed: { ...noReasons(), clean: gone, timeout, error, stale_sweep: sweep },
      ghosts: { silent: timeout - 30, proxy_answered: 31, unknown: 0 },
      spared: { silent: 0, proxy_answered: 0, unknown: 0 },
      latencyP50Ms: 18 + 3 * day + Math.sin(hours * 17),
      latencyP99Ms: 96 + 22 * day + 7 * Math.sin(hours * 13) + 5 * Math.sin(hours * 31),
    };
  };
  const sample = { ...sampleAt(now), active: 487, identities: 458, closing: 2 };
  const byAge = { '0-1h': 301, '1-6h': 152, '6-12h': 26, '12-24h': 7, '24h+': 1 };
  const byActivity = { active_last_60s: 485, 'idle_1-5min': 2, 'idle_5min+': 0 };
  const chat = gateway(sample, { total: 487, identities: 458, byAge, byActivity, share: 1 });
  const gateways = { ChatGateway: { ...chat, closing: 2 } };
  return story(now, sampleAt, sample, {
    byAge,
    byActivity,
    gateways,
    findings: [],
    sweep: { found: 1, closed: 1, dryRun: false },
  });
}

function gateway(sample, { total, identities, byAge, byActivity, share }) {
  const part = (counts) =>
    Object.fromEntries(Object.entries(counts).map(([key, value]) => [key, Math.round(value * share)]));
  const closed = part(sample.closed);
  return {
    total_connections: total,
    closing: 0,
    identities,
    backpressured: 0,
    connections_by_age: byAge,
    connections_by_last_activity: byActivity,
    opened_total: total + Object.values(closed).reduce((one, other) => one + other, 0),
    closed_total: closed,
    ghosts_total: part(sample.ghosts),
    observed_ghosts: part(sample.spared),
    spared_total: Math.round(Object.values(sample.spared).reduce((one, other) => one + other, 0) * share),
  };
}

function story(now, sampleAt, sample, { byAge, byActivity, gateways, findings, sweep }) {
  const every = (ms, span) =>
    Array.from({ length: Math.floor(span / ms) }, (_, index) => sampleAt(now - span + index * ms));
  const total = Object.values(byAge).reduce((one, other) => one + other, 0);
  return {
    sample,
    history: { lastHour: every(10_000, HOUR), lastDay: every(5 * MINUTE, 24 * HOUR) },
    snapshot: {
      total_connections: total,
      connections_by_age: byAge,
      connections_by_last_activity: byActivity,
      findings,
      gateways,
      heartbeat: {
        sent_total: 183_412,
        timeouts_total: sample.closed.timeout,
        latency_ms: { p50: sample.latencyP50Ms, p99: sample.latencyP99Ms },
      },
      sweep: {
        swept_total: sample.closed.stale_sweep,
        last: {
          at: now - 24_000,
          durationMs: 1,
          dryRun: sweep.dryRun,
          examined: total,
          stale: sweep.found,
          closed: sweep.closed,
          held: 0,
        },
      },
      fleet: { store: 'memory', nodes: 1, total_connections: total },
    },
    connections: Array.from({ length: 20 }, (_, index) => connection(now, index)),
  };
}

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1',
  'ChatDesktop/4.2.1',
  'okhttp/4.12.0',
];

function connection(now, index) {
  const ageMs = 23.4 * HOUR - index * 7 * MINUTE;
  const idleMs = ageMs - (3 + 20 * chance(index)) * MINUTE;
  return {
    id: `k3f9-${(index * 37 + 5).toString(36)}`,
    gateway: index % 5 === 3 ? 'PricesGateway' : 'ChatGateway',
    transport: 'ws',
    state: 'open',
    identity: `user-${100 + ((index * 77) % 900)}`,
    address: `203.0.113.${(index * 29) % 250}`,
    userAgent: AGENTS[index % AGENTS.length],
    path: '/',
    openedAt: now - ageMs,
    ageMs,
    lastActivityAt: now - idleMs,
    idleMs,
    latencyMs: 20 + 90 * chance(index + 3),
    missed: Math.floor(idleMs / 30_000),
    bufferedBytes: 0,
  };
}
