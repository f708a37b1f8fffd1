import { afterEach } from '@jest/globals';
import type { ModuleMetadata, Type } from '@nestjs/common';
import type {
  ConnectionHealthModuleExtras,
  ConnectionHealthModuleOptions,
  ConnectionSnapshot,
} from 'nestjs-connection-health';

import type { TestApp } from '../../support/app.js';
import { useApps } from '../../support/apps.js';
import { until } from '../../support/wait.js';
import type { ConformingGateway } from './conforming.gateway.js';
import type { DriverClient, DriverUnderTest, ForeignServer, Tempo, Visitor } from './driver.js';
import { PeerProcess } from './peer.process.js';

/** Nobody is asked while a test looks. */
export const QUIET: Tempo = { intervalMs: 20_000, timeoutMs: 13_000 };
/** Everybody is asked several times in a second, and found when silent. */
export const BRISK: Tempo = { intervalMs: 300, timeoutMs: 200 };
/** Everybody is asked often, and nobody is to be closed. */
export const STEADY: Tempo = { intervalMs: 300, timeoutMs: 290, isPatient: true };
/** With time for those that are asked once more. */
export const FORGIVING: Tempo = { intervalMs: 700, timeoutMs: 690 };

/** Between a goodbye that nobody answers and the end. */
export const CLOSE_TIMEOUT_MS = 300;

/** An app of the suite, with its one gateway. */
export interface StagedApp extends TestApp {
  readonly gateway: ConformingGateway;
}

export type EveryOption = ConnectionHealthModuleOptions & ConnectionHealthModuleExtras;

/** Starts what a test of one driver needs, and ends all of it after the test, whatever happened in it. */
export interface Stage {
  readonly driver: DriverUnderTest;
  start(tempo: Tempo, options?: EveryOption, metadata?: ModuleMetadata): Promise<StagedApp>;
  /** The same with a class of gateway that another app may have, too. */
  startWith(
    gateway: Type<ConformingGateway>,
    tempo: Tempo,
    options?: EveryOption,
    metadata?: ModuleMetadata,
  ): Promise<StagedApp>;
  connect(place: { readonly url: string }, visitor?: Visitor): Promise<DriverClient>;
  /** Clients in another process. */
  peers(place: { readonly url: string }, count?: number): Promise<PeerProcess>;
  listen(tempo: Tempo): Promise<ForeignServer>;
}

export function useStage(driver: DriverUnderTest): Stage {
  const cleanups: (() => unknown)[] = [];
  // Before the apps, which would wait for clients that stand still: Jest runs these in the order of definition.
  afterEach(async () => {
    for (const undo of cleanups.splice(0).toReversed()) await undo();
  });
  const startApp = useApps();
  const startWith: Stage['startWith'] = async (gateway, tempo, options, metadata) => {
    const running = await startApp(
      [gateway],
      { sweep: { closeTimeoutMs: CLOSE_TIMEOUT_MS }, ...driver.options(tempo), ...options },
      { ...metadata, prepare: (app) => driver.adapt(app) },
    );
    return { ...running, gateway: running.app.get(gateway) };
  };
  return {
    driver,
    startWith,
    start: (tempo, ...more) => startWith(driver.gateway(tempo), tempo, ...more),
    connect: async ({ url }, visitor) => {
      const client = await driver.connect(url, visitor);
      cleanups.push(() => client.end());
      return client;
    },
    peers: async ({ url }, count = 1) => {
      const peers = await PeerProcess.start(driver.peer, url, count);
      cleanups.push(() => peers.kill());
      return peers;
    },
    listen: async (tempo) => {
      const foreign = await driver.listen(tempo);
      cleanups.push(() => foreign.close());
      return foreign;
    },
  };
}

/** The one connection of an app, once it is known. */
export async function onlyConnection({ service }: TestApp): Promise<ConnectionSnapshot> {
  await until('one connection is open', () => service.connections().length === 1);
  return service.connections()[0]!;
}

/** Waits until all that were asked have answered at least once. */
export async function allAnswered({ service }: TestApp): Promise<void> {
  await until(
    'everybody has answered',
    () => service.connections().every(({ latencyMs }) => latencyMs !== undefined),
    10_000,
  );
}
