import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import proxyaddr from 'proxy-addr';

import type { RawSocket } from '../transport/transport.driver.js';
import { boundedText, detached } from './bounded.text.js';
import type { Peer } from './connection.js';

/** Which proxies to believe: Express' values of `trust proxy`. */
export type TrustProxy =
  boolean | number | string | readonly string[] | ((address: string, hop: number) => boolean);

const MAX_USER_AGENT = 256;
const MAX_PATH = 256;
/** The longest IPv6 address in text is 45 characters; some room for a zone. */
const MAX_ADDRESS = 64;

/** Reads from an upgrade request who is at the other end. */
export class PeerReader {
  private readonly trust: ((address: string, hop: number) => boolean) | undefined;
  private readonly found: { address?: string | undefined } = {};

  /**
   * @param failed told of a `trustProxy` function that threw
   * @throws TypeError for an address or a range that is none
   */
  constructor(
    trustProxy: TrustProxy,
    private readonly failed: (error: unknown) => void = () => undefined,
  ) {
    this.trust = trustProxy === false ? undefined : compileTrust(trustProxy);
  }

  read(request: IncomingMessage | undefined, raw: RawSocket | undefined): Peer {
    if (request === undefined) return { address: this.directOf(raw), userAgent: undefined, path: undefined };
    return {
      address: this.addressOf(request),
      userAgent: bounded(request.headers['user-agent'], MAX_USER_AGENT),
      path: bounded(pathOf(request.url), MAX_PATH),
    };
  }

  private addressOf({ headers, socket }: IncomingMessage): string | undefined {
    const direct = this.directOf(socket);
    if (direct === undefined) return undefined;
    const claimed = this.claimedBy(headers, direct);
    // A trusted proxy may still have passed on whatever the client wrote into the header; even a zone has no end.
    return claimed === undefined || isIP(claimed) === 0 || claimed.length > MAX_ADDRESS ? direct : claimed;
  }

  /** From the handle where there is one: asked for `remoteAddress`, a socket keeps an object with it for good (lib/net.js). */
  private directOf(raw: RawSocket | undefined): string | undefined {
    const { found } = this;
    found.address = undefined;
    const status = raw?._handle?.getpeername?.(found);
    return status === 0 ? found.address : raw?.remoteAddress;
  }

  private claimedBy(headers: IncomingHttpHeaders, remoteAddress: string): string | undefined {
    if (this.trust === undefined) return remoteAddress;
    try {
      return proxyaddr({ headers, socket: { remoteAddress } } as IncomingMessage, this.trust);
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }
}

/**
 * Whether to believe what a proxy at an address says.
 *
 * @throws TypeError for an address or a range that is none
 */
export function compileTrust(trustProxy: TrustProxy): (address: string, hop: number) => boolean {
  if (typeof trustProxy === 'function') return trustProxy;
  if (typeof trustProxy === 'boolean') return () => trustProxy;
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy;
  const ranges =
    typeof trustProxy === 'string' ? trustProxy.split(',').map((range) => range.trim()) : [...trustProxy];
  return proxyaddr.compile(ranges);
}

function pathOf(url: string | undefined): string | undefined {
  const path = url?.split(/[?#]/, 1)[0];
  return path === undefined ? undefined : detached(path);
}

function bounded(value: string | undefined, maxLength: number): string | undefined {
  return value === undefined ? undefined : boundedText(value, maxLength);
}
