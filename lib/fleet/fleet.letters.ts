import type { ConnectionTarget, DisconnectOptions } from '../connection/connection.commands.js';

/** Asks a node to disconnect somebody. */
export interface DisconnectLetter {
  readonly kind: 'disconnect';
  readonly order: string;
  /** The node that asks, and waits for an answer. */
  readonly from: string;
  /** By the store's time: a node that wakes later must not do what nobody waits for any more. */
  readonly until: number;
  readonly target: ConnectionTarget;
  readonly options: DisconnectOptions;
}

/** Says what was done. */
export interface DoneLetter {
  readonly kind: 'done';
  readonly order: string;
  /** The node that did it. */
  readonly by: string;
  readonly closing: number;
}

export type FleetLetter = DisconnectLetter | DoneLetter;

/** @returns `undefined` for what is none, or of another version of this package */
export function decodeLetter(text: string): FleetLetter | undefined {
  try {
    const letter = JSON.parse(text) as FleetLetter | null;
    return letter?.kind === 'disconnect' || letter?.kind === 'done' ? letter : undefined;
  } catch {
    return undefined;
  }
}
