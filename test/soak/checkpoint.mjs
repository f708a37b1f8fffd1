const MiB = 2 ** 20;
/** What a collected heap may differ by when nothing leaks: code that was compiled and maps that have grown meanwhile. */
const HEAP_SLACK = MiB;
const HEAP_SHARE = 0.03;
/** The allocator keeps pages that it has no use for, above all those of compressors. */
const RSS_SLACK = 48 * MiB;
const RSS_SHARE = 0.25;
/** Handles of work that is just under way. */
const HANDLE_SLACK = 4;
/** Closed sockets that a last reference in Node or `ws` still holds. */
const CORPSE_SLACK = 8;

/** Whether all who count connections come to the same number. @returns what those say who do not */
export function disagreements({ truth, counts, open }) {
  const numbers = {
    'service.snapshot().total_connections': counts.active,
    'service.connections().length': counts.listed,
    'opened − closed': counts.opened - counts.closed,
    'server.clients.size': counts.clients,
    'open clients': open,
  };
  return Object.entries(numbers)
    .filter(([, number]) => number !== truth)
    .map(([name, number]) => `${name} is ${number}`);
}

/** Whether anything has grown between two checkpoints with the same number of connections. @returns sentences */
export function growth(early, late) {
  const slack = {
    heapUsed: HEAP_SLACK + HEAP_SHARE * early.heapUsed,
    rss: RSS_SLACK + RSS_SHARE * early.rss,
    fds: HANDLE_SLACK,
    handles: HANDLE_SLACK,
    timers: HANDLE_SLACK,
  };
  const grown = Object.entries(slack)
    .filter(([name, most]) => late[name] - early[name] > most)
    .map(([name]) => `${name} grew from ${amount(name, early[name])} to ${amount(name, late[name])}`);
  const held = ['deadSockets', 'deadRecords']
    .filter((name) => late[name] > CORPSE_SLACK)
    .map((name) => `memory leaks: ${late[name]} ${WHAT[name]} cannot be collected`);
  return [...grown, ...held];
}

const WHAT = { deadSockets: 'sockets that are closed', deadRecords: 'records of closed connections' };

/** A number of a checkpoint for people. */
export function amount(name, value) {
  return name === 'heapUsed' || name === 'rss' || name === 'external'
    ? `${(value / MiB).toFixed(1)} MiB`
    : String(value);
}
