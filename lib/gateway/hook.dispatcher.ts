import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { LifecycleBus } from '../lifecycle/lifecycle.bus.js';
import type { LifecycleEvent } from '../lifecycle/lifecycle.events.js';
import type { UserCode } from '../lifecycle/user.code.js';
import type { FoundGateway } from './gateway.explorer.js';

/** Calls the methods of gateways that carry `@OnConnectionOpened()` and its like. */
export class HookDispatcher {
  constructor(
    private readonly parts: {
      readonly bus: LifecycleBus;
      readonly userCode: UserCode;
      /** Whether a connection belongs to a gateway. */
      readonly serves: (gateway: FoundGateway, connection: ConnectionSnapshot) => boolean;
    },
  ) {}

  /** @returns warnings for hooks that cannot be called */
  bind(gateways: readonly FoundGateway[]): string[] {
    const warnings: string[] = [];
    for (const gateway of gateways) {
      for (const { method, type } of gateway.hooks) {
        if (gateway.wrapper.isDependencyTreeStatic()) {
          this.parts.bus.on(type, (event: LifecycleEvent) => this.call(gateway, method, event));
        } else {
          warnings.push(
            `${gateway.name}.${method} is not called: ${gateway.name} is request-scoped, so that no instance exists outside a message`,
          );
        }
      }
    }
    return warnings;
  }

  private call(gateway: FoundGateway, method: string, event: LifecycleEvent): void {
    if (!('connection' in event) || !this.parts.serves(gateway, event.connection)) return;
    const instance = gateway.wrapper.instance as Record<string, (event: LifecycleEvent) => unknown>;
    this.parts.userCode.run(`${gateway.name}.${method}`, () => instance[method]!(event));
  }
}
