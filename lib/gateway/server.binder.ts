import { ConnectionHealthSetupError } from '../connection-health.errors.js';
import type { GatewayHealthOptions } from '../connection-health.options.js';
import { WATCHED_BY } from '../connection-health.tokens.js';
import type { ConnectionSettings } from '../connection/connection.settings.js';
import type { ConnectionSnapshot } from '../connection/connection.snapshot.js';
import type { TransportDriver } from '../transport/transport.driver.js';
import type { FoundGateway } from './gateway.explorer.js';
import { prependInterceptor } from './nest-internals.js';
import { listenForServers } from './server.accessor.js';
import { ServerWatch, type ServerUser } from './server.watch.js';

/** What can be watched. */
const SERVERS =
  'a WebSocketServer of ws 8.5 or later, or a Socket.IO 4 server that is attached to an HTTP server';

/** What can be said when a server given to `watch()` is watched. */
export interface WatchOptions extends GatewayHealthOptions {
  /** The `gateway` of its connections in logs, metrics and snapshots. @default 'server' */
  name?: string;
}

/** Acts on what the explorer has found: hears of servers, watches them, and takes everything back in the end. */
export class ServerBinder {
  private readonly watches = new Map<object, ServerWatch>();
  private readonly watchOf = new Map<FoundGateway, ServerWatch>();
  /** Gateways that are not to be watched, by the server that they turned out to have. */
  private readonly bystanders = new Map<object, FoundGateway[]>();
  private readonly seen = new Set<FoundGateway>();
  private readonly undo: (() => void)[] = [];
  /** What the boot should warn of. */
  readonly warnings: string[] = [];

  constructor(
    private readonly parts: {
      readonly drivers: readonly TransportDriver[];
      readonly watchAll: boolean;
      readonly defaults: ConnectionSettings;
      readonly settingsFor: (overrides: GatewayHealthOptions, where: string) => ConnectionSettings;
      readonly interceptor: object;
      /** Whether the servers of the app are of a kind that is not known; asked when Nest creates them. */
      readonly isOddApp: () => boolean;
      /** Makes a watch of a server. */
      readonly watchFor: (server: object, driver: TransportDriver) => ServerWatch;
      /** A server is watched from now on. */
      readonly watched: (watch: ServerWatch) => void;
      /** A server is watched no more; its sockets live on. */
      readonly released: (watch: ServerWatch) => void;
    },
  ) {}

  /** The servers watched at present. */
  servers(): Iterable<ServerWatch> {
    return this.watches.values();
  }

  /** Waits for the servers of these gateways. */
  bind(gateways: readonly FoundGateway[]): void {
    const isWatched = (gateway: FoundGateway): boolean =>
      !gateway.isSkipped && (this.parts.watchAll || gateway.overrides !== undefined);
    const users = new Map(gateways.map((gateway) => [gateway, isWatched(gateway) && this.userOf(gateway)]));
    for (const gateway of gateways) this.listen(gateway, users);
  }

  /** Whether an event's connection belongs to a server of this gateway. */
  serves(gateway: FoundGateway, connection: ConnectionSnapshot): boolean {
    return this.watchOf.get(gateway)?.name === connection.gateway;
  }

  /**
   * Watches a server that Nest did not create.
   *
   * @returns stops watching
   * @throws ConnectionHealthSetupError, ConnectionHealthOptionsError
   */
  watch(server: object, { name = 'server', ...overrides }: WatchOptions = {}): () => void {
    const settings = this.parts.settingsFor(overrides, `watch("${name}")`);
    if (this.watches.has(this.rootOf(server))) {
      throw new ConnectionHealthSetupError(
        'ALREADY_WATCHED',
        `watch("${name}"): the server is watched already`,
      );
    }
    const watch = this.join(server, { name, settings, place: 'given to watch()' });
    if (watch === undefined) {
      throw new ConnectionHealthSetupError(
        'UNKNOWN_SERVER',
        `watch("${name}"): expected ${SERVERS}, got something else`,
      );
    }
    return this.attach(watch);
  }

  /** Takes everything back. */
  release(): void {
    for (const watch of [...this.watches.values()]) this.detach(watch);
    for (const undo of this.undo.splice(0).toReversed()) undo();
    this.watchOf.clear();
    this.bystanders.clear();
    this.seen.clear();
  }

  /** What became clear only when Nest had created all servers. */
  lateWarnings(gateways: readonly FoundGateway[]): string[] {
    const unbound = gateways.filter((gateway) => !gateway.isSkipped && !this.seen.has(gateway));
    const overruled = [...this.bystanders]
      .filter(([server]) => this.watches.has(server))
      .flatMap(([, all]) => all);
    return [
      ...unbound.map(({ name }) => `${name} is not watched: Nest has given it no server`),
      ...overruled
        .filter(({ isSkipped }) => isSkipped)
        .map(
          ({ name }) =>
            `${name} carries @SkipConnectionHealth() but shares its server with a gateway that is watched: its clients are watched too`,
        ),
      ...gateways.flatMap((gateway) => pingWarning(gateway, this.watchOf.get(gateway))),
      ...[...this.watches.values()].flatMap(({ name, settingsWarnings }) =>
        settingsWarnings.map((warning) => `${name}: ${warning}`),
      ),
    ];
  }

  private userOf({ name, overrides, port, path, namespace }: FoundGateway): ServerUser {
    const { defaults, settingsFor } = this.parts;
    const settings =
      overrides === undefined ? defaults : settingsFor(overrides, `@ConnectionHealth() on ${name}`);
    const place = port === 0 ? "the app's port" : `port ${port}`;
    return { name, settings, place, at: { path, namespace } };
  }

  private listen(gateway: FoundGateway, users: ReadonlyMap<FoundGateway, ServerUser | false>): void {
    const { prototype } = gateway.metatype;
    const listener = (instance: object, server: object): void => {
      // An app that shares the class has instances of its own.
      if (gateway.wrapper.instance !== instance) return;
      this.seen.add(gateway);
      this.serverKnown(gateway, server, users);
    };
    try {
      this.undo.push(listenForServers(prototype as object, listener));
      if (users.get(gateway) !== false)
        this.undo.push(prependInterceptor(gateway.metatype, this.parts.interceptor, this.parts.isOddApp));
    } catch (error) {
      this.warnings.push(`${gateway.name} cannot be watched: ${(error as Error).message}`);
    }
  }

  /** Skipping counts only if all who share the server are skipped: a skipped one joins who is watched. */
  private serverKnown(
    gateway: FoundGateway,
    given: object,
    users: ReadonlyMap<FoundGateway, ServerUser | false>,
  ): void {
    const server = this.rootOf(given);
    const user = users.get(gateway);
    if (user === undefined || user === false) {
      this.bystanders.set(server, [...(this.bystanders.get(server) ?? []), gateway]);
      const known = this.watches.get(server);
      known?.alsoServes(gateway.name);
      if (known !== undefined) this.nameApart(known);
      return;
    }
    const isFirst = !this.watches.has(server);
    const watch = this.join(server, user);
    if (watch === undefined) {
      this.warnings.push(
        `${gateway.name} cannot be watched: its server is neither ${SERVERS.replace(', or ', ' nor ')}`,
      );
      return;
    }
    this.watchOf.set(gateway, watch);
    if (!isFirst) return;
    for (const { name } of this.bystanders.get(server) ?? []) watch.alsoServes(name);
    this.nameApart(watch);
    this.attach(watch);
  }

  private driverOf(server: object): TransportDriver | undefined {
    return this.parts.drivers.find((candidate) => candidate.recognises(server));
  }

  /** Gateways with a namespace are given a part of the server that they share with others. */
  private rootOf(given: object): object {
    return this.driverOf(given)?.rootOf?.(given) ?? given;
  }

  private join(given: object, user: ServerUser): ServerWatch | undefined {
    const server = this.rootOf(given);
    const known = this.watches.get(server);
    const driver = known?.driver ?? this.driverOf(server);
    if (driver === undefined) return undefined;
    const watch = known ?? this.parts.watchFor(server, driver);
    const warning = watch.join(user);
    if (warning !== undefined) this.warnings.push(warning);
    this.watches.set(server, watch);
    this.nameApart(watch);
    return watch;
  }

  private attach(watch: ServerWatch): () => void {
    const { server } = watch;
    if (WATCHED_BY in server) {
      this.watches.delete(server);
      throw new ConnectionHealthSetupError(
        'ALREADY_WATCHED',
        `the server of ${watch.name} is watched already: import ConnectionHealthModule once per app`,
      );
    }
    Object.defineProperty(server, WATCHED_BY, { value: this, configurable: true });
    watch.attach();
    this.parts.watched(watch);
    return () => this.detach(watch);
  }

  private detach(watch: ServerWatch): void {
    if (this.watches.get(watch.server) !== watch) return;
    this.watches.delete(watch.server);
    this.parts.released(watch);
    watch.release();
    Reflect.deleteProperty(watch.server, WATCHED_BY);
  }

  /** Two servers of one name would be one in metrics, and one's hooks would hear of the other's clients. */
  private nameApart(watch: ServerWatch): void {
    const taken = new Set(
      [...this.watches.values()].filter((other) => other !== watch).map(({ name }) => name),
    );
    watch.suffix = '';
    for (let number = 2; taken.has(watch.name); number++) watch.suffix = `#${number}`;
  }
}

/** Gateways on one Socket.IO server have one heartbeat: Nest passes on the options of one of them. */
function pingWarning({ name, pings }: FoundGateway, watch: ServerWatch | undefined): string[] {
  const own = watch?.driver.ownHeartbeat?.(watch.server);
  if (watch === undefined || own === undefined) return [];
  const asked = { pingInterval: own.intervalMs, pingTimeout: own.timeoutMs };
  const unheard = (['pingInterval', 'pingTimeout'] as const).filter(
    (option) => pings[option] !== undefined && pings[option] !== asked[option],
  );
  if (unheard.length === 0) return [];
  const [wanted, real] = [pings, asked].map((each) =>
    unheard.map((option) => `${option} ${each[option]}`).join(' and '),
  );
  return [
    `${name} asks for ${wanted}, but its server (${watch.name}) has ${real}: give all gateways that share it the same options, or ${name} a port or path of its own`,
  ];
}
