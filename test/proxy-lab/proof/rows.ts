import { nameOf, PROXIES, type LabRow } from '../lab.js';

/** A way from the clients to the app: direct, or through one proxy of the lab. */
export interface Row {
  /** For people, for example `lua ghost`. */
  readonly title: string;
  /** Without dots and blanks, for the names of clients. */
  readonly name: string;
  readonly proxy?: Pick<LabRow, 'name' | 'behaviour'>;
  /** Whether something in between answers the protocol pings of the app. */
  readonly answersPings: boolean;
  /** Whether protocol pings of the app are lost in between. */
  readonly dropsPings: boolean;
  /** Whether it gives up when either of its sides is silent for {@link IDLE_INTERVALS}. */
  readonly cutsIdle?: boolean;
  /** Whether nobody tells the app of a client that has left, or was killed. */
  readonly hidesLeaving: boolean;
}

/** Longer than a ghost may live, short enough to be met in the proof. */
export const IDLE_INTERVALS = 3;

const DIRECT: Row = {
  title: 'direct',
  name: 'direct',
  answersPings: false,
  dropsPings: false,
  hidesLeaving: false,
};

/** Direct, and every proxy of the lab in each of its behaviours. Connections that change hands have a test of their own. */
export const ROWS: readonly Row[] = [
  DIRECT,
  ...PROXIES.filter(({ behaviour }) => behaviour !== 'pool').map((proxy): Row => ({
    title: nameOf(proxy),
    name: nameOf(proxy).replaceAll(' ', '-'),
    proxy,
    answersPings: proxy.answersPings,
    dropsPings: proxy.behaviour === 'drop',
    cutsIdle: proxy.behaviour === 'idle',
    hidesLeaving: proxy.behaviour === 'ghost',
  })),
];
