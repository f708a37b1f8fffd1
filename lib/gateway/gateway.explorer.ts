import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

import type { GatewayHealthOptions } from '../connection-health.options.js';
import {
  GATEWAY_HEALTH_OPTIONS,
  GATEWAY_HEALTH_SKIPPED,
  LIFECYCLE_HOOK,
} from '../connection-health.tokens.js';
import type { LifecycleEventType } from '../lifecycle/lifecycle.events.js';
import { addressOf, isGateway, type GatewayAddress, type InstanceWrapper } from './nest-internals.js';

/** A method that wants to hear of its gateway's connections. */
export interface FoundHook {
  readonly method: string;
  readonly type: LifecycleEventType;
}

/** A gateway class of the app and what its decorators say. */
export interface FoundGateway extends GatewayAddress {
  readonly name: string;
  readonly metatype: NewableFunction;
  /** Nest's record of it; its instance may not be there yet. */
  readonly wrapper: InstanceWrapper;
  /** What `@ConnectionHealth()` was given; `undefined` without it. */
  readonly overrides: GatewayHealthOptions | undefined;
  readonly isSkipped: boolean;
  readonly hooks: readonly FoundHook[];
}

/** Finds every gateway of the app. Reads, and touches nothing. */
export class GatewayExplorer {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  explore(): FoundGateway[] {
    return this.discovery
      .getProviders()
      .filter((wrapper) => !wrapper.isNotMetatype && isGateway(wrapper.metatype))
      .map((wrapper) => this.describe(wrapper));
  }

  private describe(wrapper: InstanceWrapper): FoundGateway {
    const metatype = wrapper.metatype as NewableFunction;
    return {
      name: metatype.name,
      metatype,
      wrapper,
      ...addressOf(metatype),
      overrides: Reflect.getMetadata(GATEWAY_HEALTH_OPTIONS, metatype) as GatewayHealthOptions | undefined,
      isSkipped: Reflect.getMetadata(GATEWAY_HEALTH_SKIPPED, metatype) === true,
      hooks: this.hooksOf(metatype.prototype as object),
    };
  }

  private hooksOf(prototype: object): FoundHook[] {
    return this.scanner.getAllMethodNames(prototype).flatMap((method) => {
      const callback = (prototype as Record<string, unknown>)[method];
      const type = Reflect.getMetadata(LIFECYCLE_HOOK, callback as object) as LifecycleEventType | undefined;
      return type === undefined ? [] : [{ method, type }];
    });
  }
}
