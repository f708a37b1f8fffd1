import { Controller, Delete, Get, Param } from '@nestjs/common';
import {
  ConnectionHealthService,
  type FleetConnections,
  type FleetDisconnectReport,
  type FleetSnapshot,
} from 'nestjs-connection-health';

/** The fleet, asked of whichever node. In an app of yours this is behind a guard. */
@Controller()
export class UsersController {
  constructor(private readonly health: ConnectionHealthService) {}

  @Get('nodes')
  nodes(): Promise<FleetSnapshot> {
    return this.health.fleet.snapshot();
  }

  /** Where somebody is connected. */
  @Get('users/:name')
  find(@Param('name') identity: string): Promise<FleetConnections> {
    return this.health.fleet.find({ identity });
  }

  /** Sends somebody away, on whichever node. */
  @Delete('users/:name')
  evict(@Param('name') identity: string): Promise<FleetDisconnectReport> {
    return this.health.fleet.disconnect({ identity }, { reason: 'evicted by an operator' });
  }
}
