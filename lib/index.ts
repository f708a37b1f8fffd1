// Set up
export { ConnectionHealthModule } from './connection-health.module.js';
export type { ConnectionHealthModuleExtras } from './connection-health.module-definition.js';
export type {
  BackpressureOptions,
  CodecName,
  ConnectionHealthModuleOptions,
  ConnectionHealthOptionsFactory,
  DiagnosticsOptions,
  DrainOptions,
  GatewayHealthOptions,
  HeartbeatOptions,
  LeakOptions,
  MassTimeoutOptions,
  MetricsOptions,
  ProgressOptions,
  ProtocolPingOptions,
  SweepOptions,
} from './connection-health.options.js';
export {
  ConnectionHealthArgumentError,
  ConnectionHealthOptionsError,
  ConnectionHealthSetupError,
} from './connection-health.errors.js';

// On gateways
export {
  ConnectionHealth,
  ConnectionInfo,
  OnConnectionClosed,
  OnConnectionOpened,
  OnConnectionRecovered,
  OnConnectionStale,
  OnHeartbeatMissed,
  SkipConnectionHealth,
} from './gateway/decorators.js';
export { HeartbeatFilterInterceptor } from './gateway/heartbeat-filter.interceptor.js';

// In services
export { ConnectionHealthService } from './connection-health.service.js';
export type {
  ConnectionFilter,
  ConnectionTarget,
  DisconnectOptions,
  SweepOrder,
  SweepReport,
} from './connection/connection.commands.js';
export type { WatchOptions } from './gateway/server.binder.js';
export type { ConnectionSnapshot } from './connection/connection.snapshot.js';
export type { ConnectionState, GhostKind } from './connection/connection.js';

// What happens
export type {
  BackpressuredEvent,
  BackpressureRelievedEvent,
  ClientsAnswerEvent,
  ClientsDoNotAnswerEvent,
  ClosedEvent,
  ClosedEvidence,
  CloseStuckEvent,
  DrainedEvent,
  DrainReport,
  DrainStartedEvent,
  Finding,
  FindingClearedEvent,
  FindingRaisedEvent,
  FindingSignal,
  HeldEvent,
  IdentifiedEvent,
  LifecycleEvent,
  LifecycleEventOf,
  LifecycleEventType,
  MassTimeoutEvent,
  MissedEvent,
  OpenedEvent,
  RecoveredEvent,
  RegistryMismatchEvent,
  ResumedEvent,
  SocketFailedEvent,
  SparedEvent,
  StaleEvent,
  StalledEvent,
  SweptEvent,
  UserCodeFailedEvent,
} from './lifecycle/lifecycle.events.js';
export type { AuditBeganEvent, AuditRefusedEvent } from './lifecycle/audit.events.js';
export type { DiagnosticsSnapshot, GatewayDiagnostics } from './diagnostics/diagnostics.snapshot.js';

// Across nodes
export type { FleetNodeLostEvent, FleetRejoinedEvent } from './lifecycle/fleet.events.js';
export { MemoryFleetStore } from './fleet/memory.fleet.store.js';
export type {
  BeatReply,
  FleetChanges,
  FleetDirectory,
  FleetEntry,
  FleetLoss,
  FleetMail,
  FleetStore,
  FleetTable,
  NodeBeat,
} from './fleet/fleet.store.js';
export type { FleetView } from './fleet/fleet.view.js';
export type {
  FleetConnection,
  FleetConnections,
  FleetDisconnectReport,
  FleetFilter,
  FleetFinding,
  FleetNodeSnapshot,
  FleetOverview,
  FleetPage,
  FleetSize,
  FleetSnapshot,
  LostNode,
  SplitSession,
} from './fleet/fleet.answers.js';

// For orchestrators
export { ConnectionHealthIndicator } from './terminus/connection-health.indicator.js';
export type { ReadinessThresholds } from './terminus/readiness.thresholds.js';

// On the wire
export { CLOSE_REASONS } from './protocol/close-reasons.js';
export type { CloseReason, CloseReasonRow, ReconnectAdvice } from './protocol/close-reasons.js';
export { GraphqlWsCodec } from './protocol/graphql-ws.codec.js';
export type { GraphqlWsCodecOptions } from './protocol/graphql-ws.codec.js';
export { JsonCodec } from './protocol/json.codec.js';
export { NestCodec } from './protocol/nest.codec.js';
export { PhoenixCodec } from './protocol/phoenix.codec.js';
export { SignalrCodec } from './protocol/signalr.codec.js';
export type {
  ClientAsk,
  HeartbeatAsker,
  HeartbeatCodec,
  SpeakingClients,
  PassingMessage,
  RecognisedHeartbeat,
  WireState,
} from './protocol/heartbeat.codec.js';
export type {
  ClientMessage,
  ClientPing,
  ClientPong,
  ClientResume,
  ServerDrain,
  ServerMessage,
  ServerPing,
  ServerPong,
} from './protocol/messages.js';
export type { Clock } from './clock/clock.js';
