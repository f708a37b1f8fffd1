import { ConfigurableModuleBuilder } from '@nestjs/common';

import type { ConnectionHealthModuleOptions } from './connection-health.options.js';
import { CONNECTION_HEALTH_OPTIONS } from './connection-health.tokens.js';

/** What must be known before anything is injected. */
export interface ConnectionHealthModuleExtras {
  /** Whether every module can inject the service without importing this one. @default true */
  isGlobal?: boolean;
}

export const { ConfigurableModuleClass, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<ConnectionHealthModuleOptions>({
    optionsInjectionToken: CONNECTION_HEALTH_OPTIONS,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createConnectionHealthOptions')
    .setExtras<ConnectionHealthModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();
