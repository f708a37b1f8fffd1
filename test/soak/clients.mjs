// Many clients in one process, which does what it is told and tells what happens. Arguments: the server's URL and
// { delayMs, chatEveryMs } as JSON.
import { FaultRelay } from 'nestjs-connection-health/testing';

import { SoakClient } from './client.mjs';
import { LoopMeter, now } from './monotonic.mjs';

const FLUSH_MS = 50;
const CHAT_STEP_MS = 100;
const POLITE = new Set(['clean', 'fin', 'rst']);

const url = process.argv[2];
const { delayMs, chatEveryMs } = JSON.parse(process.argv[3]);
const port = Number(new URL(url).port);
const meter = new LoopMeter(25);
const clients = new Map();
const chatty = new Set();
const relays = new Map();
let news = [];

const tell = (type, id, detail) => news.push({ type, id, at: now(), detail });

/** Relays are made when they are first needed: the one that is late, and one for each group whose line is cut together. */
function relayFor(name) {
  if (!relays.has(name)) relays.set(name, FaultRelay.start({ port, delayMs: name === 'late' ? delayMs : 0 }));
  return relays.get(name);
}

const orders = {
  async open({ id, via, isCompressed, isChatty }) {
    const through = via === 'direct' ? url : (await relayFor(via)).url;
    const client = new SoakClient({ id, url: through, isCompressed, tell });
    clients.set(id, client);
    if (isChatty) chatty.add(client);
  },

  /** Deaths that the server hears of count from before they are done, silent ones from after. */
  die({ id, how }) {
    const client = clients.get(id);
    if (POLITE.has(how)) tell('died', id);
    client[how]();
    if (!POLITE.has(how)) tell('died', id);
  },

  async cut({ group, ids }) {
    (await relayFor(group)).cut();
    for (const id of ids) tell('died', id);
  },

  bury({ id }) {
    const client = clients.get(id);
    clients.delete(id);
    chatty.delete(client);
    client?.bury();
  },

  async buryGroup({ group }) {
    const relay = await relayFor(group);
    relays.delete(group);
    await relay.stop();
  },
};

const answers = {
  open: () => [...clients.values()].filter(({ isOpen }) => isOpen).length,
};

function flush() {
  const gaps = meter.take();
  if (news.length + gaps.length > 0) process.send({ news, gaps });
  news = [];
}

/** Everybody who is chatty says something once in `chatEveryMs`, a few at a time. */
function* speakers() {
  for (;;) {
    yield* chatty;
    yield undefined;
  }
}
const speaker = speakers();
setInterval(() => {
  const count = Math.ceil((chatty.size * CHAT_STEP_MS) / chatEveryMs);
  for (let index = 0; index < count; index++) speaker.next().value?.chat();
}, CHAT_STEP_MS);
setInterval(flush, FLUSH_MS);

process.on('message', async ({ list, order, ask }) => {
  if (order !== undefined) {
    flush();
    process.send({ ask, answer: answers[order]() });
    return;
  }
  for (const { what, ...details } of list) await orders[what](details);
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
