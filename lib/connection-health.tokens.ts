/**
 * Every injection token and metadata key of the package. All are `Symbol.for`, since the ES module copy and the CommonJS
 * copy of the package may both be loaded in one process and must agree.
 */

const key = (name: string): symbol => Symbol.for(`nestjs-connection-health/${name}`);

/** Token of the options as the app gave them. */
export const CONNECTION_HEALTH_OPTIONS = key('options');

/** Token of the composed runtime: everything between the options and the service. */
export const CONNECTION_HEALTH_RUNTIME = key('runtime');

/** Token of the `ConnectionCommands`: what reporters may do to connections. */
export const CONNECTION_COMMANDS = key('commands');

/** Token of the `DiagnosticsSource`: what the diagnostics endpoint and its page show. */
export const DIAGNOSTICS_SOURCE = key('diagnostics-source');

/** Token of the `PageFeed`: what all viewers of the live page share. */
export const PAGE_FEED = key('page-feed');

/** Token of the `VitalsSource`: what health checks ask. */
export const VITALS_SOURCE = key('vitals-source');

/** Class metadata, set by `@ConnectionHealth()`: the gateway's own options. */
export const GATEWAY_HEALTH_OPTIONS = key('gateway-options');

/** Class metadata, set by `@SkipConnectionHealth()`: leave this gateway alone. */
export const GATEWAY_HEALTH_SKIPPED = key('gateway-skipped');

/** Method metadata, set by `@OnConnectionOpened()` and the others: the event type that the method wants. */
export const LIFECYCLE_HOOK = key('lifecycle-hook');

/** Property of a gateway prototype while an app uses it: who is told of the server that Nest assigns. */
export const SERVER_LISTENERS = key('server-listeners');

/** Class metadata of a gateway while an app uses it: the interceptors put before its own, and those. */
export const PREPENDED_INTERCEPTORS = key('prepended-interceptors');

/** Property of a server while it is watched: by whom. */
export const WATCHED_BY = key('watched-by');

/** Property of an instrument of prom-client that is ours: the `Set` of functions that say what apps add to it. */
export const METRIC_SOURCES = key('metric-sources');
