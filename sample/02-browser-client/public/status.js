const REFRESH_MS = 250;
/** The server counts heartbeats: an app must not ask for its latency all the time. */
const CHECK_MS = 3_000;

const $ = (id) => document.getElementById(id);

/** The four facts above the chat. */
export class Status {
  #socket;
  #waiting;
  #nextAt = 0;

  /** @param waiting says how many messages wait */
  constructor(socket, waiting) {
    this.#socket = socket;
    this.#waiting = waiting;
    setInterval(() => this.#refresh(), REFRESH_MS);
    setInterval(() => socket.check(), CHECK_MS);
  }

  get isConnected() {
    return $('state').dataset.state === 'connected';
  }

  connected(count) {
    $('connections').textContent = count;
    this.#show('connected', 'Connected', 'heartbeats are answered');
  }

  away(retryInMs) {
    this.#nextAt = performance.now() + retryInMs;
    this.#show('away', 'Away', '');
    this.#refresh();
  }

  ended(reason) {
    this.#show('ended', 'Ended', reason);
  }

  #show(state, word, more) {
    if ($('state').dataset.state !== state) $('announcement').textContent = word;
    $('state').dataset.state = state;
    $('state-word').textContent = word;
    $('state-more').textContent = more;
  }

  #refresh() {
    const { latencyMs } = this.#socket;
    const isKnown = this.isConnected && latencyMs !== undefined;
    $('latency').textContent = isKnown ? `${latencyMs.toFixed(1)} ms` : '–';
    $('waiting').textContent = this.#waiting();
    if ($('state').dataset.state === 'away') $('state-more').textContent = this.#comingBack();
  }

  #comingBack() {
    const leftMs = this.#nextAt - performance.now();
    if (leftMs > 0) return `back in ${Math.ceil(leftMs / 1_000)} s`;
    return navigator.onLine ? 'trying now' : 'waiting for the network';
  }
}
