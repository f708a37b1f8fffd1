/** Which real proxy runs. `lua` is nginx with the bridge in `lua/bridge.lua`, `node` the bridge in `node.bridge.mjs`. */
export type ProxyName = 'nginx' | 'haproxy' | 'caddy' | 'apache-http' | 'apache-wstunnel' | 'lua' | 'node';

/**
 * What a bridge does. `ok` answers pings itself on both sides and passes closes on, `ghost` keeps its backend side when the
 * client is gone, `forward` passes pings and pongs on, `drop` swallows them, `idle` gives up after `idleTimeoutMs` of
 * silence on either side, `pool` keeps the backend side of a client that left for the next one, without a new upgrade.
 */
export type Behaviour = 'ok' | 'ghost' | 'forward' | 'drop' | 'idle' | 'pool';

export interface ProxyOptions {
  /** `host` defaults to 127.0.0.1. */
  readonly backend: { readonly host?: string; readonly port: number };
  /** Only bridges differ: `lua` has all six, `node` has `ok`, `ghost` and `forward`. @default 'ok' */
  readonly behaviour?: Behaviour;
  /**
   * The proxy's own idle limit, in milliseconds; Apache takes whole seconds, the next larger one. Nobody there to obey
   * it: caddy 2.6, `apache-wstunnel`, `node`, and `lua` other than `idle`. @default 600000
   */
  readonly idleTimeoutMs?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly listen?: string;
  /** A complete configuration to run instead of the lab's own. Where it listens is its own business: say it in `port`. */
  readonly config?: string;
  /** Only beside `config`. @default a free one */
  readonly port?: number;
}

export interface RunningProxy {
  readonly name: ProxyName;
  readonly port: number;
  /** Of its main process; another one after {@link restart}. */
  readonly pid: number;
  /** Where its own numbers are: nginx' `stub_status`, HAProxy's statistics (CSV), Caddy's metrics. */
  readonly statusUrl?: string;
  /** `ws://127.0.0.1:port/path` */
  url(path?: string): string;
  /**
   * Loads its configuration again and resolves when the new generation works. What the old one does with its connections
   * is the proxy's own way: see the README.
   */
  reload(): Promise<void>;
  /** Stops it as its service manager would, and starts it on the same port. Also starts one that was killed. */
  restart(): Promise<void>;
  /** SIGKILL to all of its processes. */
  kill(): Promise<void>;
  /** Ends it, the quick way if need be. Nothing of it is left: no process, no folder. Can be called again. */
  stop(): Promise<void>;
}

/** What a recipe is told. */
export interface Place {
  /** For all its files. Everybody can read it, only its owner can write. */
  readonly folder: string;
  readonly listen: string;
  readonly port: number;
  /** For its own numbers, on 127.0.0.1. */
  readonly statusPort: number;
  /** As `host:port`. */
  readonly backend: string;
  readonly behaviour: Behaviour;
  readonly idleTimeoutMs: number;
  /** Runs instead of the lab's own. */
  readonly config: string | undefined;
}

/** How a proxy is run. */
export interface Plan {
  /** Contents by name, to be written into the folder first. */
  readonly files: Readonly<Record<string, string>>;
  /** Stays in the foreground. */
  readonly command: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
  readonly statusUrl?: string;
  /** The signal or command that makes it load its configuration again; without one it is restarted. */
  readonly reload?:
    { readonly signal: NodeJS.Signals } | { readonly command: readonly [string, ...string[]] };
}

/** One kind of proxy: a decision about files and commands, nothing is started here. */
export type Recipe = (place: Place) => Plan;

/** How long connections of an old configuration may live on, where the proxy has a limit for it. */
export const RELOAD_LIMIT_SECONDS = 3;

/** Masters that start as root drop their rights where they are told to; others must not name a user. */
export const isRoot = process.getuid?.() === 0;
