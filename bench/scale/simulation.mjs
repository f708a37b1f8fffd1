// The whole runtime of the module over sockets that are not there: real records, registry, wheel, sweep, reports and tap, a
// `ws` server and sockets by shape, and a clock that is moved by hand. What runs in one turn of the event loop is a slice.
import { EventEmitter } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';

import { ConnectionHealthRuntime } from '../../dist/esm/connection-health.runtime.js';
import { resolveOptions } from '../../dist/esm/options/options.resolver.js';

const TICK_MS = 250;
/** How long this thread has run: what others on the machine do does not count. */
const SCHEDSTAT = existsSync('/proc/self/schedstat') ? '/proc/self/schedstat' : undefined;

/** Milliseconds of CPU of this thread; of the wall, where the system does not tell. */
export function cpuNow() {
  if (SCHEDSTAT === undefined) return performance.now();
  // Makes the kernel bring the number up to date.
  process.cpuUsage();
  return Number(readFileSync(SCHEDSTAT, 'utf8').split(' ', 1)[0]) / 1e6;
}

/** Time that is moved by hand, and passes within a callback as it does outside; measures each callback as one slice. */
export class HandClock {
  slices = [];
  /** What arrives between two ticks: a callback of its own for each socket, and no slice. */
  arrive = () => undefined;
  #now = 1_000;
  #sliceFrom = undefined;
  #timers = new Set();
  #immediate = [];

  monotonic() {
    return this.#now + (this.#sliceFrom === undefined ? 0 : performance.now() - this.#sliceFrom);
  }

  epoch() {
    return Math.floor(1_750_000_000_000 + this.monotonic());
  }

  every(intervalMs, run) {
    const timer = { intervalMs, at: this.#now + intervalMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  afterPoll(run) {
    this.#immediate.push(run);
  }

  /** Milliseconds of CPU since the last reset, slice by slice. */
  reset() {
    this.slices = [];
  }

  /** Moves on, a tick at a time, and runs everything that is due. */
  async advance(ms) {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + TICK_MS);
      for (const timer of this.#timers) {
        if (timer.at > this.#now) continue;
        timer.at += timer.intervalMs;
        this.#run(timer.run);
      }
      await this.settle();
      this.arrive();
    }
  }

  /** Runs what waits for the next turn of the event loop, until nothing does. */
  async settle() {
    while (this.#immediate.length > 0) {
      for (const run of this.#immediate.splice(0)) this.#run(run);
      // Promises go on in the same turn, so their work belongs to the slice before.
      const from = cpuNow();
      this.#sliceFrom = performance.now();
      for (let turn = 0; turn < 9; turn++) await Promise.resolve();
      this.#sliceFrom = undefined;
      if (this.slices.length > 0) this.slices[this.slices.length - 1] += cpuNow() - from;
    }
  }

  #run(run) {
    const from = cpuNow();
    this.#sliceFrom = performance.now();
    run();
    this.#sliceFrom = undefined;
    this.slices.push(cpuNow() - from);
  }
}

/** What the driver uses of a TCP connection. */
class FakeRaw {
  socket;
  bytesRead = 0;
  bytesWritten = 0;
  writableLength = 0;
  destroyed = false;
  remoteAddress = '10.0.0.1';
  errored = null;
  setKeepAlive() {}
  isPaused() {
    return false;
  }
  cork() {}
  uncork() {}
  write(bytes) {
    const { socket } = this;
    socket.sent++;
    this.bytesWritten += bytes.length;
    socket.heard?.(socket, bytes);
  }
}

const SENDER = { _state: 0 };

/** What the driver uses of a `ws` socket. */
class FakeSocket extends EventEmitter {
  readyState = 1;
  bufferedAmount = 0;
  extensions = '';
  _receiver = null;
  /** Not compressing: see lib/sender.js of ws. */
  _sender = SENDER;
  _socket = undefined;
  sent = 0;
  /** Told of each frame. */
  heard = undefined;
  send(data) {
    this.sent++;
    this._socket.bytesWritten += data.length + 4;
    this.heard?.(this, data);
  }
  ping() {
    this._socket.bytesWritten += 10;
  }
  close() {
    this.readyState = 2;
  }
  terminate() {
    this.readyState = 3;
    this._socket.destroyed = true;
  }
  pause() {}
  resume() {}
}

class FakeServer extends EventEmitter {
  options = { WebSocket: FakeSocket };
  clients = new Set();
  handleUpgrade() {}
  shouldHandle() {}
}

const HEADERS = {};

/** What a client says to a heartbeat, which comes as text, or as a frame with a header of two bytes. */
function answerTo(data) {
  const [, question] = /(\{[^}]*\})/.exec(typeof data === 'string' ? data : data.latin1Slice());
  return Buffer.from(question.replace('server_ping', 'client_pong'));
}

/** A process with so many connections, whose clients answer, as most do, before the next tick. */
export class Simulation {
  server = new FakeServer();
  sockets = [];
  // Two lists, not one of pairs: a pair for each would be garbage of the benchmark's.
  #asked = [];
  #questions = [];
  #answers = new Map();

  constructor(options = {}, clock = new HandClock()) {
    this.clock = clock;
    clock.arrive = () => this.#answer();
    this.runtime = new ConnectionHealthRuntime(
      resolveOptions({ clock, leak: false, metrics: false, ...options }),
      {
        discovery: { getProviders: () => [] },
        scanner: { getAllMethodNames: () => [] },
        sink: { log() {}, warn() {}, error() {}, debug() {}, verbose() {} },
      },
    );
    this.runtime.bind();
    this.runtime.binder.watch(this.server, { name: 'simulated' });
    this.runtime.start();
  }

  socket() {
    const socket = new this.server.options.WebSocket();
    socket._socket = new FakeRaw();
    socket._socket.socket = socket;
    socket.heard = this.#heard;
    return socket;
  }

  #heard = (socket, data) => {
    this.#asked.push(socket);
    this.#questions.push(data);
  };

  #answer() {
    for (let at = 0; at < this.#asked.length; at++) {
      const [socket, data] = [this.#asked[at], this.#questions[at]];
      const answer = this.#answers.get(data) ?? answerTo(data);
      this.#answers.set(data, answer);
      socket._socket.bytesRead += answer.length + 6;
      socket.emit('message', answer, false);
    }
    this.#asked.length = 0;
    this.#questions.length = 0;
    this.#answers.clear();
  }

  open(count) {
    for (let at = 0; at < count; at++) {
      const socket = this.socket();
      this.server.clients.add(socket);
      this.sockets.push(socket);
      this.connect(socket);
    }
  }

  connect(socket) {
    this.server.emit('connection', socket, { url: '/', headers: HEADERS, socket: socket._socket });
  }

  /** Everybody says something: evidence of life, as a message of the app. */
  speak(message = Buffer.from('hello')) {
    for (const socket of this.sockets) {
      socket._socket.bytesRead += message.length + 6;
      socket.emit('message', message, false);
    }
  }

  end() {
    this.runtime.end();
  }
}

export function heapUsed() {
  global.gc();
  global.gc();
  return process.memoryUsage().heapUsed;
}
