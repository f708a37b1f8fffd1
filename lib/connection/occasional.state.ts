import { NEVER, type AwakeTime } from '../clock/awake.clock.js';
import type { ClientAsk, WireState } from '../protocol/heartbeat.codec.js';
import type { SessionFacts } from '../transport/transport.driver.js';
import { ColumnState } from './column.state.js';
import type { Closing, GhostKind, Upload } from './connection.js';
import type { Outflow } from './outflow.js';

/** What an {@link OccasionalState} keeps. */
class Occasion {
  missed: number = 0;
  unasked: number = 0;
  sparedAs: GhostKind | undefined = undefined;
  session: SessionFacts | undefined = undefined;
  wire: WireState | undefined = undefined;
  closing: Closing | undefined = undefined;
  sentCode: number | undefined = undefined;
  upload: Upload | undefined = undefined;
  outflow: Outflow | undefined = undefined;
  unsentBytes: number = 0;
  ownFrameEnd: number = 0;
  pongEnd: number = 0;
  owedPong: ClientAsk | undefined = undefined;
  fragments: number = 0;
  fragmentsAtHold: number = 0;
  heldUpSince: AwakeTime = NEVER;
  dataBytesAtBeat: number = 0;
  messagesAtBeat: number = 0;
  lonePing: Uint8Array | undefined = undefined;
  lonePingEnd: number = 0;
}

/** What most connections never need: it takes memory only from when one of it is first set. */
export abstract class OccasionalState extends ColumnState {
  private occasion: Occasion | undefined = undefined;

  /** Heartbeats missed since the last answered one. */
  get missed(): number {
    return this.occasion?.missed ?? 0;
  }

  set missed(missed: number) {
    if (this.occasion !== undefined || missed !== 0) this.made().missed = missed;
  }

  /** Heartbeats that the client sent by itself since the last beat (R10); below 0 while it may catch up. */
  get unasked(): number {
    return this.occasion?.unasked ?? 0;
  }

  set unasked(unasked: number) {
    if (this.occasion !== undefined || unasked !== 0) this.made().unasked = unasked;
  }

  /** Whether its misses go unpunished at present and that was reported. */
  get sparedAs(): GhostKind | undefined {
    return this.occasion?.sparedAs;
  }

  set sparedAs(sparedAs: GhostKind | undefined) {
    if (this.occasion !== undefined || sparedAs !== undefined) this.made().sparedAs = sparedAs;
  }

  /** What is known of its session, where its library keeps one over several transports. */
  get session(): SessionFacts | undefined {
    return this.occasion?.session;
  }

  set session(session: SessionFacts | undefined) {
    if (this.occasion !== undefined || session !== undefined) this.made().session = session;
  }

  /** How far the handshake of its wire has come, where the wire has one. */
  get wire(): WireState | undefined {
    return this.occasion?.wire;
  }

  set wire(wire: WireState | undefined) {
    if (this.occasion !== undefined || wire !== undefined) this.made().wire = wire;
  }

  /** Why and how it is being closed by us. */
  get closing(): Closing | undefined {
    return this.occasion?.closing;
  }

  set closing(closing: Closing | undefined) {
    if (this.occasion !== undefined || closing !== undefined) this.made().closing = closing;
  }

  /** The code of the close frame that went out, whoever sent it. */
  get sentCode(): number | undefined {
    return this.occasion?.sentCode;
  }

  set sentCode(sentCode: number | undefined) {
    if (this.occasion !== undefined || sentCode !== undefined) this.made().sentCode = sentCode;
  }

  /** How far a message that has not ended yet has come. */
  get upload(): Upload | undefined {
    return this.occasion?.upload;
  }

  set upload(upload: Upload | undefined) {
    if (this.occasion !== undefined || upload !== undefined) this.made().upload = upload;
  }

  /** How our unsent bytes move. */
  get outflow(): Outflow | undefined {
    return this.occasion?.outflow;
  }

  set outflow(outflow: Outflow | undefined) {
    if (this.occasion !== undefined || outflow !== undefined) this.made().outflow = outflow;
  }

  /** Bytes that waited to be sent at its last turn, or right before its socket was destroyed. */
  get unsentBytes(): number {
    return this.occasion?.unsentBytes ?? 0;
  }

  set unsentBytes(unsentBytes: number) {
    if (this.occasion !== undefined || unsentBytes !== 0) this.made().unsentBytes = unsentBytes;
  }

  /** Bytes written up to the end of the last frame of ours; 0 when nothing of ours waits. See `noteOwnFrame`. */
  get ownFrameEnd(): number {
    return this.occasion?.ownFrameEnd ?? 0;
  }

  set ownFrameEnd(ownFrameEnd: number) {
    if (this.occasion !== undefined || ownFrameEnd !== 0) this.made().ownFrameEnd = ownFrameEnd;
  }

  /** The same for the last answer of ours to a question of the client. */
  get pongEnd(): number {
    return this.occasion?.pongEnd ?? 0;
  }

  set pongEnd(pongEnd: number) {
    if (this.occasion !== undefined || pongEnd !== 0) this.made().pongEnd = pongEnd;
  }

  /** Set while a `server_pong` waits for the end of a message of the app. */
  get owedPong(): ClientAsk | undefined {
    return this.occasion?.owedPong;
  }

  set owedPong(owedPong: ClientAsk | undefined) {
    if (this.occasion !== undefined || owedPong !== undefined) this.made().owedPong = owedPong;
  }

  /** Fragments that the app has sent, without the last one of a message. */
  get fragments(): number {
    return this.occasion?.fragments ?? 0;
  }

  set fragments(fragments: number) {
    if (this.occasion !== undefined || fragments !== 0) this.made().fragments = fragments;
  }

  /** The same when a question began to wait. */
  get fragmentsAtHold(): number {
    return this.occasion?.fragmentsAtHold ?? 0;
  }

  set fragmentsAtHold(fragmentsAtHold: number) {
    if (this.occasion !== undefined || fragmentsAtHold !== 0) this.made().fragmentsAtHold = fragmentsAtHold;
  }

  /** Since when a question waits for the app, for the end of a message or its half of a handshake. */
  get heldUpSince(): AwakeTime {
    return this.occasion?.heldUpSince ?? NEVER;
  }

  set heldUpSince(heldUpSince: AwakeTime) {
    if (this.occasion !== undefined || heldUpSince !== NEVER) this.made().heldUpSince = heldUpSince;
  }

  /** Data bytes and messages at the last beat of a connection that is not asked. */
  get dataBytesAtBeat(): number {
    return this.occasion?.dataBytesAtBeat ?? 0;
  }

  set dataBytesAtBeat(dataBytesAtBeat: number) {
    if (this.occasion !== undefined || dataBytesAtBeat !== 0) this.made().dataBytesAtBeat = dataBytesAtBeat;
  }

  get messagesAtBeat(): number {
    return this.occasion?.messagesAtBeat ?? 0;
  }

  set messagesAtBeat(messagesAtBeat: number) {
    if (this.occasion !== undefined || messagesAtBeat !== 0) this.made().messagesAtBeat = messagesAtBeat;
  }

  /** The payload of the last unanswered ping of a connection that is not asked, and the bytes up to its end. */
  get lonePing(): Uint8Array | undefined {
    return this.occasion?.lonePing;
  }

  set lonePing(lonePing: Uint8Array | undefined) {
    if (this.occasion !== undefined || lonePing !== undefined) this.made().lonePing = lonePing;
  }

  get lonePingEnd(): number {
    return this.occasion?.lonePingEnd ?? 0;
  }

  set lonePingEnd(lonePingEnd: number) {
    if (this.occasion !== undefined || lonePingEnd !== 0) this.made().lonePingEnd = lonePingEnd;
  }

  private made(): Occasion {
    return (this.occasion ??= new Occasion());
  }
}
