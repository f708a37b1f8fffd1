import {
  Inject,
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type FactoryProvider,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';

import { bootReport } from './connection-health.boot-report.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
} from './connection-health.module-definition.js';
import type { ConnectionHealthModuleOptions } from './connection-health.options.js';
import type { ConnectionHealthReports } from './connection-health.reports.js';
import { ConnectionHealthRuntime } from './connection-health.runtime.js';
import { ConnectionHealthService } from './connection-health.service.js';
import {
  CONNECTION_COMMANDS,
  CONNECTION_HEALTH_OPTIONS,
  CONNECTION_HEALTH_RUNTIME,
  DIAGNOSTICS_SOURCE,
  VITALS_SOURCE,
} from './connection-health.tokens.js';
import { hasKnownAdapter } from './gateway/nest-internals.js';
import { resolveOptions } from './options/options.resolver.js';
import { ConnectionHealthIndicator } from './terminus/connection-health.indicator.js';

const logger = (): Logger => new Logger('ConnectionHealth');

/** Gives reporters what they read under a token of their own. */
function reportsAs(token: symbol): FactoryProvider<ConnectionHealthReports> {
  return {
    provide: token,
    inject: [CONNECTION_HEALTH_RUNTIME],
    useFactory: (runtime: ConnectionHealthRuntime) => runtime.reports,
  };
}

/**
 * Watches every WebSocket gateway of the app. Import it once.
 *
 * @example
 * ```ts
 * @Module({ imports: [ConnectionHealthModule.forRoot({ heartbeat: { intervalMs: 10_000 } })] })
 * export class AppModule {}
 * ```
 */
@Module({
  imports: [DiscoveryModule],
  providers: [
    {
      provide: CONNECTION_HEALTH_RUNTIME,
      inject: [CONNECTION_HEALTH_OPTIONS, DiscoveryService, MetadataScanner, ModuleRef],
      // Runs before Nest creates any server: from here on every server is heard of.
      useFactory: (
        options: ConnectionHealthModuleOptions,
        discovery: DiscoveryService,
        scanner: MetadataScanner,
        moduleRef: ModuleRef,
      ) => {
        const runtime = new ConnectionHealthRuntime(resolveOptions(options), {
          discovery,
          scanner,
          sink: logger(),
          hasKnownAdapter: () => hasKnownAdapter(moduleRef),
        });
        runtime.bind();
        return runtime;
      },
    },
    ConnectionHealthService,
    { provide: CONNECTION_COMMANDS, useExisting: ConnectionHealthService },
    reportsAs(DIAGNOSTICS_SOURCE),
    reportsAs(VITALS_SOURCE),
    // It depends on nothing: so the app may import TerminusModule wherever it likes.
    HealthIndicatorService,
    ConnectionHealthIndicator,
  ],
  exports: [ConnectionHealthService, ConnectionHealthIndicator],
})
export class ConnectionHealthModule
  extends ConfigurableModuleClass
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(@Inject(CONNECTION_HEALTH_RUNTIME) private readonly runtime: ConnectionHealthRuntime) {
    super();
  }

  /**
   * @param options all optional
   * @throws ConnectionHealthOptionsError at boot, for an option that cannot be used
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** Options from a factory, a class, or a provider that exists. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  onApplicationBootstrap(): void {
    const { log, warnings } = bootReport(this.runtime);
    const out = logger();
    out.log(log);
    for (const warning of warnings) out.warn(warning);
    this.runtime.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.runtime.drain?.drain();
    // Sockets end from here on because the app does; nobody is to be judged for that.
    this.runtime.stopJudging();
    // Now, while a client that the app ends in its last hooks still works.
    await this.runtime.fleet.member?.leave();
  }

  onApplicationShutdown(): void {
    this.runtime.end();
  }
}
