import { ConfigurableModuleBuilder, type DynamicModule, type ModuleMetadata } from '@nestjs/common';

import type { ConnectionHealthModuleOptions, DiagnosticsOptions } from './connection-health.options.js';
import { CONNECTION_HEALTH_OPTIONS } from './connection-health.tokens.js';
import { diagnosticsParts } from './diagnostics/diagnostics.controllers.js';
import { resolveDiagnostics } from './options/diagnostics.resolver.js';

/** What must be known before anything is injected. */
export interface ConnectionHealthModuleExtras {
  /** Whether every module can inject the service without importing this one. @default true */
  isGlobal?: boolean;
  /** Serves diagnostics over HTTP. `true` serves aggregates, metrics and the live page without guards. @default false */
  diagnostics?: DiagnosticsOptions | boolean;
  /** Modules whose providers the diagnostics guards need. @default none */
  imports?: ModuleMetadata['imports'];
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ConnectionHealthModuleOptions>({
    optionsInjectionToken: CONNECTION_HEALTH_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createConnectionHealthOptions')
    .setExtras<ConnectionHealthModuleExtras>(
      { isGlobal: true, diagnostics: false, imports: [] },
      (definition, { isGlobal, diagnostics, imports }): DynamicModule => {
        const { controllers, providers } = diagnosticsParts(resolveDiagnostics(diagnostics));
        return {
          ...definition,
          global: isGlobal ?? true,
          imports: [...new Set([...(definition.imports ?? []), ...(imports ?? [])])],
          controllers,
          providers: [...(definition.providers ?? []), ...providers],
        };
      },
    )
    .build();
