import type { AwakeTime } from '../clock/awake.clock.js';
import {
  CLOSED,
  CLOSING,
  HAS_ANSWERED,
  HELD_UP,
  MID_MESSAGE,
  PAUSED,
  WAS_ASKED,
  type ConnectionBlock,
} from './connection.block.js';

/** Where a connection is in its life; `closing` still counts as active. */
export type ConnectionState = 'open' | 'closing' | 'closed';

/** What a connection keeps in the columns of its block, as if it were its own. */
export abstract class ColumnState {
  /** Where it is kept: in a registry's block, or in one of its own. */
  abstract block: ConnectionBlock;
  abstract at: number;

  /** Its number in its registry, from 1. */
  get sequence(): number {
    return this.block.sequences[this.at]!;
  }

  get openedAt(): AwakeTime {
    return this.block.openedAt[this.at]!;
  }

  get state(): ConnectionState {
    if (this.has(CLOSED)) return 'closed';
    return this.has(CLOSING) ? 'closing' : 'open';
  }

  set state(state: ConnectionState) {
    this.flag(CLOSING, state === 'closing');
    this.flag(CLOSED, state === 'closed');
  }

  /** The last evidence that the peer's program lives (R1). */
  get lastPeerAt(): AwakeTime {
    return this.block.lastPeerAt[this.at]!;
  }

  set lastPeerAt(time: AwakeTime) {
    this.block.lastPeerAt[this.at] = time;
  }

  /** The last evidence that something at the other end of the TCP connection lives (R1). */
  get lastHopAt(): AwakeTime {
    return this.block.lastHopAt[this.at]!;
  }

  set lastHopAt(time: AwakeTime) {
    this.block.lastHopAt[this.at] = time;
  }

  /** Milliseconds from the last ping of ours to its answer; {@link NEVER} before the first. */
  get latencyMs(): number {
    return this.block.latencyMs[this.at]!;
  }

  set latencyMs(ms: number) {
    this.block.latencyMs[this.at] = ms;
  }

  /** The same, smoothed: against it the last one shows a trend. */
  get averageLatencyMs(): number {
    return this.block.averageLatencyMs[this.at]!;
  }

  set averageLatencyMs(ms: number) {
    this.block.averageLatencyMs[this.at] = ms;
  }

  /** Whether a heartbeat of ours was ever answered. */
  get hasAnswered(): boolean {
    return this.has(HAS_ANSWERED);
  }

  set hasAnswered(hasAnswered: boolean) {
    this.flag(HAS_ANSWERED, hasAnswered);
  }

  /** Whether it was ever asked. */
  get wasAsked(): boolean {
    return this.has(WAS_ASKED);
  }

  set wasAsked(wasAsked: boolean) {
    this.flag(WAS_ASKED, wasAsked);
  }

  /** Whether a question waits for the app at present; see `heldUpSince`. */
  get isHeldUp(): boolean {
    return this.has(HELD_UP);
  }

  set isHeldUp(isHeldUp: boolean) {
    this.flag(HELD_UP, isHeldUp);
  }

  /** Between the first and the last fragment of a message that the app is sending. */
  get midMessage(): boolean {
    return this.has(MID_MESSAGE);
  }

  set midMessage(midMessage: boolean) {
    this.flag(MID_MESSAGE, midMessage);
  }

  /** Whether the app has paused its socket. */
  get isPaused(): boolean {
    return this.has(PAUSED);
  }

  set isPaused(isPaused: boolean) {
    this.flag(PAUSED, isPaused);
  }

  private has(bit: number): boolean {
    return (this.block.flags[this.at]! & bit) !== 0;
  }

  private flag(bit: number, isSet: boolean): void {
    const { flags } = this.block;
    if (isSet) flags[this.at]! |= bit;
    else flags[this.at]! &= ~bit;
  }
}
