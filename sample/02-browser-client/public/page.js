import { Chat } from './chat.js';
import { Log } from './log.js';
import { Status } from './status.js';
import { offerTrouble } from './trouble.js';

const socket = new HealthyWebSocket(location.origin.replace(/^http/, 'ws'), [], {
  // Shorter than the defaults (5 s, 10 s, 1 to 30 s): people sit before this page and wait.
  graceMs: 2_000,
  connectTimeoutMs: 4_000,
  backoff: { initialMs: 1_000, maxMs: 5_000 },
});
const log = new Log(document.querySelector('#log'));
const chat = new Chat(socket);
const status = new Status(socket, () => chat.waiting);

/** The client's own words for an end that no close frame explains. */
const REASONS = {
  dead_server: 'the server does not answer (dead_server)',
  connect_timeout: 'no answer to the handshake (connect_timeout)',
};

let connections = 0;
let lostAt = performance.now();
let attempts = 1;

socket.addEventListener('open', () => {
  const seconds = ((performance.now() - lostAt) / 1_000).toFixed(1);
  const tries = attempts === 1 ? 'at the first attempt' : `at attempt ${attempts}`;
  log.add('good', connections === 0 ? 'Connected.' : `Connected again after ${seconds} s, ${tries}.`);
  status.connected(++connections);
});

socket.addEventListener('close', ({ code, reason, wasClean, retryInMs }) => {
  const why = REASONS[reason] || reason || (wasClean ? 'closed' : 'ended without a word');
  if (retryInMs === undefined) {
    log.add('quiet', `Connection closed, code ${code}.`);
    return;
  }
  const next = `Next attempt in ${(retryInMs / 1_000).toFixed(1)} s.`;
  if (status.isConnected) {
    log.add('bad', `Connection lost, code ${code}: ${why}. ${next}`);
    lostAt = performance.now();
    attempts = 0;
  } else log.add('quiet', `No connection: ${why}. ${next}`);
  attempts++;
  status.away(retryInMs);
});

socket.addEventListener('end', ({ reason }) => {
  log.add('bad', `Ended: ${reason}. There will be no further attempt.`);
  status.ended(reason);
  document.querySelector('#end').disabled = true;
});
socket.addEventListener('drop', ({ reason }) => log.add('bad', `A message will not be sent: ${reason}.`));

// What the browser tells: the client listens to the same events.
for (const [place, type, text] of [
  [window, 'offline', 'The browser has no network.'],
  [window, 'online', 'The browser has a network again.'],
  [document, 'freeze', 'The tab is put to sleep.'],
  [document, 'resume', 'The tab is awake.'],
])
  place.addEventListener(type, () => log.add('quiet', text));
document.addEventListener('visibilitychange', () =>
  log.add('quiet', `The tab is ${document.visibilityState}.`),
);
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) log.add('quiet', 'The page is back from the back/forward cache.');
});

offerTrouble(log);
document.querySelector('#end').addEventListener('click', () => socket.close());
