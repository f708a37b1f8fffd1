import 'reflect-metadata';

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';

import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  FakeClock,
  frozenPeer,
  halfOpenPeer,
  healthyPeer,
  type FaultyPeer,
} from 'nestjs-connection-health/testing';

import { AppModule } from './app.module.js';
import { Presence } from './presence.js';

const INTERVAL_MS = 10_000;
const TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 5_000;
const TICK_MS = 250;

let clock: FakeClock;
let app: INestApplication;
let presence: Presence;
let url: string;
const peers: FaultyPeer[] = [];

/** Real sockets, virtual time. */
beforeEach(async () => {
  clock = new FakeClock();
  app = await NestFactory.create(AppModule.with({ clock }), { logger: false });
  app.useWebSocketAdapter(new WsAdapter(app));
  await app.listen(0, '127.0.0.1');
  url = `ws://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  presence = app.get(Presence);
});

afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.end()));
  // The app drains when it closes, and that waits on the clock.
  await clock.advanceUntil(app.close());
});

async function enter(peer: (url: string) => Promise<FaultyPeer>, name: string): Promise<FaultyPeer> {
  const entered = await peer(`${url}/?name=${name}`);
  peers.push(entered);
  return entered;
}

test('a ghost is closed and presence is updated', async () => {
  const ada = await enter(healthyPeer, 'ada');
  await enter(halfOpenPeer, 'bob');
  assert.deepEqual(presence.online, ['ada', 'bob']);

  // Found within an interval, the time to answer and a tick; gone when it has not answered the close frame either.
  await clock.advance(INTERVAL_MS + TIMEOUT_MS + TICK_MS);
  await clock.advance(CLOSE_TIMEOUT_MS + TICK_MS);

  assert.deepEqual(presence.online, ['ada']);
  assert.ok(ada.messages.includes('{"event":"left","data":"bob"}'));
});

test('a healthy client survives a 10 s stall', async () => {
  const ada = await enter(healthyPeer, 'ada');
  // Tick by tick, so that the stall follows a heartbeat that has just been sent.
  while (ada.replies < 2) await clock.tick();
  await clock.advance(INTERVAL_MS - TICK_MS);
  clock.stall(10_000, 'afterTick');
  await clock.advance(4 * INTERVAL_MS);

  assert.equal(ada.isOpen, true);
  assert.deepEqual(presence.online, ['ada']);
});

test('a client that was suspended for less than its time is still there', async () => {
  const ada = await enter(frozenPeer, 'ada');
  while (ada.replies < 1) await clock.tick();
  ada.freeze();
  // The next question comes after an interval, and nobody reads it in time.
  await clock.advance(INTERVAL_MS + TIMEOUT_MS - TICK_MS);
  ada.thaw();
  await clock.advance(10 * INTERVAL_MS);

  assert.equal(ada.isOpen, true);
  assert.deepEqual(presence.online, ['ada']);
});
