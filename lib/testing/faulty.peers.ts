import { FaultyPeer, type PeerOptions } from './faulty.peer.js';

/**
 * The control of every experiment: answers heartbeats, protocol pings and close frames, until {@link FaultyPeer.freeze}.
 *
 * @throws as {@link FaultyPeer.connect}
 * @example
 * ```ts
 * const healthy = await healthyPeer(url, { headers: { 'user-agent': 'ada' } });
 * await clock.advance(86_400_000);
 * expect(healthy.isOpen).toBe(true);
 * ```
 */
export function healthyPeer(url: string, options?: PeerOptions): Promise<FaultyPeer> {
  return FaultyPeer.connect(url, options);
}

/**
 * A client whose network is gone right after the handshake: it hears nothing, says nothing, and sends no FIN, until
 * {@link FaultyPeer.end}. Its kernel still acknowledges, up to its receive buffer: on loopback nothing else can be had.
 *
 * @throws as {@link FaultyPeer.connect}
 * @example
 * ```ts
 * const ghost = await halfOpenPeer(url);
 * await clock.advance(60_000); // closed as `timeout`, ghost `silent`
 * await ghost.end();
 * ```
 */
export function halfOpenPeer(url: string, options?: PeerOptions): Promise<FaultyPeer> {
  return FaultyPeer.connect(url, options, { reads: false });
}

/**
 * A client whose process is suspended: a laptop that was shut, a page that the browser froze, a debugger's breakpoint.
 * It lives until {@link FaultyPeer.freeze}; from then on its kernel acknowledges and nobody reads. After
 * {@link FaultyPeer.thaw} it answers all that has waited.
 *
 * @param options `afterReplies`: it freezes by itself after so many answered heartbeats @default only at `freeze()`
 * @throws as {@link FaultyPeer.connect}
 * @example
 * ```ts
 * const peer = await frozenPeer(url, { afterReplies: 1 });
 * await clock.advance(30_000); // answers its first heartbeat, and freezes
 * peer.thaw();
 * ```
 */
export function frozenPeer(
  url: string,
  options: PeerOptions & { readonly afterReplies?: number } = {},
): Promise<FaultyPeer> {
  return FaultyPeer.connect(url, options, { freezeAfterReplies: options.afterReplies });
}

/**
 * What a terminating proxy leaves of a client that is gone: something that answers protocol pings and close frames, and
 * no heartbeat.
 *
 * @throws as {@link FaultyPeer.connect}
 * @example
 * ```ts
 * const proxy = await pingAnsweringPeer(url);
 * await clock.advance(60_000); // closed as `timeout`, ghost `proxy_answered`
 * ```
 */
export function pingAnsweringPeer(url: string, options?: Omit<PeerOptions, 'reply'>): Promise<FaultyPeer> {
  return FaultyPeer.connect(url, { ...options, reply: () => undefined });
}

/**
 * A healthy client on a thin line: it reads so many bytes per second, and answers a heartbeat when it has come to it.
 * The kernels between take some megabytes in advance, so send it more than that to see the server wait.
 *
 * @param options `bytesPerSecond`: above 0
 * @throws as {@link FaultyPeer.connect}; RangeError for a speed that is none
 * @example
 * ```ts
 * const reader = await slowReader(url, { bytesPerSecond: 200_000, clock });
 * gateway.broadcast(Buffer.alloc(8_000_000));
 * await clock.advance(40_000); // it has read all of it, and was never closed
 * ```
 */
export function slowReader(
  url: string,
  options: PeerOptions & { readonly bytesPerSecond: number },
): Promise<FaultyPeer> {
  return FaultyPeer.connect(url, options, { readBytesPerSecond: options.bytesPerSecond });
}

/**
 * A client that sends one data frame byte by byte: an upload over a thin line or, far below any line, an attack of the
 * slow loris kind. It answers nothing until the frame is complete, since frames cannot be nested.
 *
 * @param options `bytesPerSecond`: above 0; `data`: what it sends, text for a string, else binary @default 1,000,000 zero bytes
 * @throws as {@link FaultyPeer.connect}; RangeError for a speed that is none
 * @example
 * ```ts
 * const writer = await tricklingWriter(url, { bytesPerSecond: 10, clock });
 * await clock.advance(120_000); // below `progress.minBytesPerSecond`: closed as `timeout`
 * ```
 */
export async function tricklingWriter(
  url: string,
  options: PeerOptions & { readonly bytesPerSecond: number; readonly data?: string | Uint8Array },
): Promise<FaultyPeer> {
  const peer = await FaultyPeer.connect(url, options);
  try {
    peer.trickle(options.data ?? new Uint8Array(1_000_000), options.bytesPerSecond);
  } catch (error) {
    await peer.end();
    throw error;
  }
  return peer;
}
