import type { INestApplication, Type } from '@nestjs/common';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { startApp, type TestApp } from '../../../support/app.js';
import { startWithoutUs } from '../../../support/apps.js';
import { FrontDoor } from './front.door.js';
import { OursGateway, PlainGateway, whoOf, type HoldingGateway } from './holding.gateway.js';
import { readmeLoopGateway } from './readme-loop.gateway.js';

/** What watches over the connections of each app; also the path that leads to it. */
export const WATCHES = ['nothing', 'pings', 'ours'] as const;
export type Watch = (typeof WATCHES)[number];

/** The same app three times behind one address. */
export class ProofServers {
  private constructor(
    readonly ours: TestApp,
    readonly gateways: Readonly<Record<Watch, HoldingGateway>>,
    readonly front: FrontDoor,
    private readonly others: readonly INestApplication[],
  ) {}

  /** @param options of our module; the other one that pings does so every `intervalMs` */
  static async start(
    host: string,
    options: ConnectionHealthModuleOptions,
    intervalMs: number,
  ): Promise<ProofServers> {
    const Pings = readmeLoopGateway(intervalMs);
    const ours = await startApp([OursGateway], {
      ...options,
      identify: (_client, request) => whoOf(request),
    });
    const [nothing, pings] = [await startWithoutUs([PlainGateway]), await startWithoutUs([Pings])];
    const apps = { nothing: nothing.app, pings: pings.app, ours: ours.app };
    const gatewayOf = (watch: Watch, gateway: Type<HoldingGateway>): HoldingGateway =>
      apps[watch].get(gateway);
    return new ProofServers(
      ours,
      {
        nothing: gatewayOf('nothing', PlainGateway),
        pings: gatewayOf('pings', Pings),
        ours: gatewayOf('ours', OursGateway),
      },
      await FrontDoor.open(host, apps),
      [nothing.app, pings.app],
    );
  }

  async stop(): Promise<void> {
    for (const app of [this.ours.app, ...this.others]) await app.close();
    await this.front.close();
  }
}
