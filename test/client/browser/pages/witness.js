// What a page saw of its sockets, for the test to ask. A plain script, loaded before the client.
'use strict';

/** Comparable with `Date.now()` of the test, and finer. */
const epochNow = () => performance.timeOrigin + performance.now();

window.witness = (() => {
  const events = [];
  const errors = [];
  const sockets = [];
  const note = (type, more) => events.push({ type, at: epochNow(), ...more });

  addEventListener('error', ({ message }) => errors.push(message));
  addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));
  for (const type of ['online', 'offline']) addEventListener(type, () => note(type));
  for (const type of ['freeze', 'resume', 'visibilitychange'])
    document.addEventListener(type, () => note(type));
  for (const type of ['pageshow', 'pagehide'])
    addEventListener(type, ({ persisted }) => note(type, { persisted }));

  // The client takes the global class: every attempt is seen, whatever becomes of it.
  const Native = window.WebSocket;
  window.WebSocket = class WebSocket extends Native {
    constructor(...args) {
      super(...args);
      sockets.push(this);
      note('attempt');
    }
  };

  const countIn = (state) => sockets.filter(({ readyState }) => readyState === state).length;

  return {
    client: undefined,
    note,
    watch(socket) {
      for (const type of ['open', 'message', 'error', 'close', 'end', 'drop']) {
        socket.addEventListener(type, ({ code, reason, wasClean, willReconnect, retryInMs, data }) =>
          note(type, { code, reason, wasClean, willReconnect, retryInMs, data }),
        );
      }
      return socket;
    },
    start(url, options) {
      this.client = this.watch(new window.HealthyWebSocket(url, [], options));
    },
    /** What the address of the page asks for, so that it happens again when the page is loaded again. */
    startFrom(query) {
      if (query.has('url')) this.start(query.get('url'), JSON.parse(query.get('options')));
    },
    /** To the chat of the server. */
    say(text) {
      this.client.send(JSON.stringify({ event: 'chat', data: text }));
    },
    /** Keeps the main thread busy. */
    block(ms) {
      const end = performance.now() + ms;
      while (performance.now() < end);
    },
    report() {
      return {
        now: epochNow(),
        events,
        errors,
        attempts: sockets.length,
        live: countIn(Native.CONNECTING) + countIn(Native.OPEN),
        open: countIn(Native.OPEN),
        readyState: this.client?.readyState,
        latencyMs: this.client?.latencyMs,
        visibility: document.visibilityState,
        onLine: navigator.onLine,
      };
    },
  };
})();
