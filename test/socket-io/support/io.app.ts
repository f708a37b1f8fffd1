import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { ConnectionHealthModuleOptions } from 'nestjs-connection-health';

import { useApps } from '../../support/apps.js';
import type { startApp, TestApp } from '../../support/app.js';

type More = NonNullable<Parameters<typeof startApp>[2]>;

/** Starts apps on the default adapter of Nest, Socket.IO, which are closed after the test. */
export function useIoApps(): (
  gateways: Type[],
  options?: ConnectionHealthModuleOptions,
  more?: Omit<More, 'adapter'> & { adapter?: (app: INestApplication) => IoAdapter },
) => Promise<TestApp> {
  const start = useApps();
  return (gateways, options, more = {}) => {
    const adapter = more.adapter ?? ((app: INestApplication) => new IoAdapter(app));
    return start(gateways, options, { ...more, adapter: adapter as never });
  };
}
