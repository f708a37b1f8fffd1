import { describe, expect, it } from '@jest/globals';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ConnectionHealthIndicator, MemoryFleetStore } from 'nestjs-connection-health';
import { Registry } from 'prom-client';

import type { TestApp } from '../support/app.js';
import { useApps } from '../support/apps.js';
import { TestClient } from '../support/client.js';
import { until } from '../support/wait.js';
import { FLEET_OPTIONS, FleetGateway } from './support/fleet.apps.js';

function told(app: TestApp): number {
  return app.service.snapshot().fleet.total_connections;
}

describe('what is told of a fleet', () => {
  const start = useApps();

  it('diagnostics, metrics and readiness know the nodes and their connections', async () => {
    const fleet = new MemoryFleetStore({ beatMs: 500 });
    const registry = new Registry();
    const options = { ...FLEET_OPTIONS, fleet, metrics: { registry } };
    const a = await start([FleetGateway], options, { imports: [TerminusModule] });
    const b = await start([FleetGateway], options);
    await TestClient.connect(a.url);
    await TestClient.connect(b.url);
    for (const app of [a, b]) await until('both are told of', () => told(app) === 2);

    const json = JSON.parse(JSON.stringify(a.service.snapshot().fleet)) as Record<string, unknown>;
    expect(json).toMatchObject({ store: 'memory', nodes: 2, partial: false, lost: [], findings: [] });
    expect(json['members']).toHaveLength(2);

    const lines = (await registry.metrics()).split('\n');
    // Two apps say the same, and it counts once.
    expect(lines).toEqual(expect.arrayContaining(['ws_fleet_nodes 2', 'ws_fleet_connections 2']));
    expect(lines).toEqual(
      expect.arrayContaining(['ws_fleet_lost_nodes_total 0', 'ws_fleet_reaped_connections_total 0']),
    );

    const indicator = a.app.get(ConnectionHealthIndicator);
    const health = a.app.get(HealthCheckService, { strict: false });
    const { details } = await health.check([() => indicator.isReady('ws')]);
    expect(details['ws']).toMatchObject({
      status: 'up',
      fleet: { store: 'memory', nodes: 2, connections: 2, partial: false },
    });
  });

  it('readiness says nothing of a fleet that nobody has asked for, and metrics one node', async () => {
    const registry = new Registry();
    const app = await start([FleetGateway], { ...FLEET_OPTIONS, metrics: { registry } });
    await TestClient.connect(app.url);
    expect(await app.app.get(ConnectionHealthIndicator).isReady('ws')).not.toHaveProperty('ws.fleet');
    expect((await registry.metrics()).split('\n')).toEqual(
      expect.arrayContaining(['ws_fleet_nodes 1', 'ws_fleet_connections 1']),
    );
  });
});
