import type { GatewayCount } from './gateway.source.js';
import type { Layer } from './source.js';

/** A number of connections at one place on the way from the clients to the gateway. */
export interface Station {
  /** For people: `clients → nginx`, `nginx → backend`, `gateway`. */
  readonly label: string;
  /** Whose number it is: the index of the layer; the number of layers for the gateway. */
  readonly owner: number;
  readonly count: number;
}

/** What a station has more than the one before it; negative for what it has less. */
export interface Gap {
  readonly outer: Station;
  readonly inner: Station;
  readonly excess: number;
}

/** All numbers side by side. */
export interface Comparison {
  readonly stations: readonly Station[];
  readonly gaps: readonly Gap[];
  /** The gap with the largest excess, where that is beyond the tolerance. */
  readonly leak: Gap | undefined;
  /** Where more come from outside than go further in, beyond the tolerance. */
  readonly surpluses: readonly Gap[];
  /** Connections by which two numbers may differ and nothing is said. */
  readonly tolerance: number;
}

/** One reading is never taken at the same instant as another: connections come and go in between. */
const LEAST = 2;
const SHARE = 0.01;

/**
 * Puts the numbers in a row, from the clients inwards, and finds the place after which there are more than before. Pure.
 *
 * @param layers from the outermost to the innermost
 * @param tolerance connections; by default two, or one in a hundred of the largest number
 */
export function compare(
  layers: readonly Layer[],
  gateway: Pick<GatewayCount, 'total'>,
  tolerance?: number,
): Comparison {
  const stations = [
    ...layers.flatMap(stationsOf),
    { label: 'gateway', owner: layers.length, count: gateway.total },
  ];
  const largest = Math.max(...stations.map(({ count }) => count));
  const allowed = tolerance ?? Math.max(LEAST, Math.ceil(SHARE * largest));
  const gaps = stations.slice(1).map((inner, index): Gap => {
    const outer = stations[index]!;
    return { outer, inner, excess: inner.count - outer.count };
  });
  const worst = gaps.toSorted((one, other) => other.excess - one.excess)[0];
  return {
    stations,
    gaps,
    leak: worst !== undefined && worst.excess > allowed ? worst : undefined,
    surpluses: gaps.filter(({ excess }) => -excess > allowed),
    tolerance: allowed,
  };
}

function stationsOf({ name, clients, backend }: Layer, owner: number): Station[] {
  const stations: Station[] = [];
  if (clients !== undefined) stations.push({ label: `clients → ${name}`, owner, count: clients });
  if (backend !== undefined) stations.push({ label: `${name} → backend`, owner, count: backend });
  return stations;
}
