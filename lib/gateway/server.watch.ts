import { isDeepStrictEqual } from 'node:util';

import { ConnectionHealthSetupError } from '../connection-health.errors.js';
import type { ConnectionSettings } from '../connection/connection.settings.js';
import type { ConnectionPhotographer } from '../connection/connection.snapshot.js';
import { ServerTally } from '../connection/server.tally.js';
import type { WatchedServer } from '../connection/watched.server.js';
import type { Crowd } from '../connection/crowd.js';
import type { HeartbeatCodec } from '../protocol/heartbeat.codec.js';
import type {
  ObservedSocket,
  SocketObserver,
  SocketOpened,
  TransportDriver,
} from '../transport/transport.driver.js';
import { sessionSettings, type SessionMode } from './session.settings.js';
import { areSame, mergeSettings } from './settings.merger.js';

/** Whose clients are asked nothing belong to a crowd that is never mute. */
const NO_CODEC = '';

/** Somebody who uses a server: a gateway, or whoever called `watch()`. */
export interface ServerUser {
  readonly name: string;
  readonly settings: ConnectionSettings;
  /** Where its clients connect, in words. */
  readonly place: string;
  /** …and under which path and namespace, where a gateway has said so. */
  readonly at?: { readonly path: string | undefined; readonly namespace: string | undefined };
}

/** One watched server with everybody who uses it. State is kept per server: gateways share them. */
export class ServerWatch implements WatchedServer {
  private readonly users: ServerUser[] = [];
  private readonly names = new Set<string>();
  /** What its users ask for, together. */
  private mergedSettings: ConnectionSettings | undefined;
  /** What holds. */
  private settingsInForce: ConnectionSettings | undefined;
  private sessionMode: SessionMode;

  readonly server: object;
  readonly driver: TransportDriver;
  readonly observer: SocketObserver<ObservedSocket>;
  readonly photographer: ConnectionPhotographer;
  /** The clients of its codec. */
  crowd: Crowd;
  readonly tally = new ServerTally();
  private readonly track: SocketOpened;
  private readonly warn: (warning: string) => void;
  private readonly crowdFor: (codec: string) => Crowd;

  constructor(parts: {
    readonly server: object;
    readonly driver: TransportDriver;
    readonly observer: SocketObserver<ObservedSocket>;
    readonly photographer: ConnectionPhotographer;
    /** The clients of a codec, by its name, taken together. */
    readonly crowdFor: (codec: string) => Crowd;
    /** Who judges, where the library has a heartbeat of its own. @default 'observe' */
    readonly sessionMode?: SessionMode;
    /** Tells of what turned out only when the first client came. */
    readonly warn?: (warning: string) => void;
    /** Makes the record of a socket. */
    readonly opened: (watch: ServerWatch, ...socket: Parameters<SocketOpened>) => ObservedSocket;
  }) {
    this.server = parts.server;
    this.driver = parts.driver;
    this.observer = parts.observer;
    this.photographer = parts.photographer;
    this.crowdFor = parts.crowdFor;
    this.crowd = parts.crowdFor(NO_CODEC);
    this.sessionMode = parts.sessionMode ?? 'observe';
    this.warn = parts.warn ?? (() => undefined);
    this.track = (...socket) => parts.opened(this, ...socket);
  }

  private detach: (() => void) | undefined;

  /** The names of its users, sorted and joined by `+`. */
  usersName = '';
  /** Set by the binder where another server has the same users' names: metrics and hooks must tell them apart. */
  suffix = '';

  get name(): string {
    return this.usersName + this.suffix;
  }

  get settings(): ConnectionSettings {
    return this.settingsInForce!;
  }

  /** What its users should know of its settings. */
  settingsWarnings: readonly string[] = [];
  private told: readonly string[] = [];

  /** Where clients connect, in words. */
  get place(): string {
    const [{ place, at }] = this.users as [ServerUser];
    if (at === undefined) return place;
    const path = at.path ?? this.driver.defaultPath ?? '/';
    const named = this.users.map((user) => user.at?.namespace);
    if (named.every((namespace) => namespace === undefined)) return `${place}, path ${path}`;
    const namespaces = [...new Set(named.map((name = '/') => (name.startsWith('/') ? name : `/${name}`)))];
    return `${place}, path ${path}, namespaces ${namespaces.sort().join(' and ')}`;
  }

  /**
   * One more uses the server.
   *
   * @returns a warning where its options differ from the others'
   * @throws ConnectionHealthSetupError where its clients would not understand the others' heartbeats
   */
  join(user: ServerUser): string | undefined {
    const { mergedSettings } = this;
    this.users.push(user);
    this.alsoServes(user.name);
    const { heartbeat } = user.settings;
    if (heartbeat !== false) this.crowd = this.crowdFor(heartbeat.codec.name);
    if (mergedSettings === undefined) {
      this.apply(user.settings);
      return undefined;
    }
    this.refuseOtherCodec(mergedSettings, user);
    this.apply(mergeSettings(mergedSettings, user.settings));
    if (areSame(mergedSettings, user.settings)) return undefined;
    return `${this.name} share one server but have different options: the smaller number holds, on before off, strict before lenient`;
  }

  /** A gateway that asked for nothing has its clients on this server too. */
  alsoServes(name: string): void {
    this.names.add(name);
    this.usersName = [...this.names].sort().join('+');
  }

  /** Starts to track the sockets of the server. */
  attach(): void {
    const { heartbeat } = this.settings;
    const isGoverned = this.hasOwnHeartbeat && heartbeat !== false && heartbeat.isTransports !== true;
    const impossible = (why: string): void => this.leaveToLibrary(why);
    const govern = isGoverned ? { impossible } : undefined;
    this.detach = this.driver.attach({ server: this.server, opened: this.track, govern });
  }

  /** Tracks a socket that was missed. */
  adopt(socket: object): void {
    this.driver.adopt({ socket, opened: this.track });
  }

  /** Leaves the server as it was. */
  release(): void {
    this.detach?.();
  }

  private get hasOwnHeartbeat(): boolean {
    return this.driver.ownHeartbeat !== undefined;
  }

  private apply(merged: ConnectionSettings): void {
    this.mergedSettings = merged;
    this.settingsInForce = merged;
    const own = this.driver.ownHeartbeat?.(this.server);
    if (own === undefined) return;
    const misfit = this.sessionMode === 'govern' ? this.driver.ungovernable?.(this.server) : undefined;
    if (misfit !== undefined) {
      this.sessionMode = 'observe';
      this.told = [cannotGovern(misfit)];
    }
    const { settings, warnings } = sessionSettings(own, merged, this.sessionMode);
    this.settingsInForce = settings;
    this.settingsWarnings = [...this.told, ...warnings];
  }

  private leaveToLibrary(why: string): void {
    this.sessionMode = 'observe';
    this.apply(this.mergedSettings!);
    this.warn(`${this.name}: ${cannotGovern(why)}`);
  }

  private refuseOtherCodec({ heartbeat }: ConnectionSettings, user: ServerUser): void {
    if (heartbeat === false || user.settings.heartbeat === false) return;
    const [codec, others] = [heartbeat.codec, user.settings.heartbeat.codec];
    const [one, other] = [codec.name, others.name];
    const names = this.users.map(({ name }) => name).join(' and ');
    if (one === other) {
      if (isDeepStrictEqual(choicesOf(codec), choicesOf(others))) return;
      throw new ConnectionHealthSetupError(
        'DIFFERENT_CODECS',
        `${names} share one server but give the heartbeat codec "${one}" different settings: give them the same codec, or a path each`,
      );
    }
    throw new ConnectionHealthSetupError(
      'DIFFERENT_CODECS',
      `${names} share one server but ask for the heartbeat codecs "${one}" and "${other}": give them the same codec, or a path each`,
    );
  }
}

/** What a codec was told to do, as far as it can be seen: two of one name may have been told different things. */
function choicesOf(codec: HeartbeatCodec): object {
  const plain = ['string', 'number', 'boolean'];
  return Object.fromEntries(Object.entries(codec).filter(([, value]) => plain.includes(typeof value)));
}

function cannotGovern(why: string): string {
  return `socketIo.mode "govern" cannot be kept, since ${why}: Engine.IO judges alone`;
}
