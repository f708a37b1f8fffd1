import { Injectable } from '@nestjs/common';
import {
  ConnectionHealthService,
  type ConnectionSnapshot,
  type LifecycleEvent,
} from 'nestjs-connection-health';

/** Prints what happens, as the server and as the clients see it. */
@Injectable()
export class Narrator {
  private readonly startedAt = performance.now();

  constructor(health: ConnectionHealthService) {
    health.events$.subscribe((event) => this.saw(event));
  }

  tell(who: string, what: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1_000).toFixed(1).padStart(5);
    console.log(`${seconds} s  ${who.padEnd(6)}  ${what}`);
  }

  private saw(event: LifecycleEvent): void {
    if (event.type === 'identified') this.tell('server', `${nameOf(event.connection)} has come`);
    if (event.type === 'missed') this.tell('server', `${nameOf(event.connection)} does not answer`);
    if (event.type === 'closed') {
      const { connection, reason, ghost } = event;
      const kind = ghost === undefined ? '' : `, a ghost of the kind ${ghost}`;
      this.tell('server', `${nameOf(connection)} is closed: ${reason}${kind}`);
    }
    if (event.type === 'drain_started') this.tell('server', `sends ${event.connections} clients away`);
  }
}

function nameOf({ identity, transport, namespaces = [] }: ConnectionSnapshot): string {
  return `${identity ?? 'somebody'} (${[transport, ...namespaces].join(', ')})`;
}
