import type { HealthyWebSocketOptions } from 'nestjs-connection-health/client';

/** One thing that happens to a client. `at` picks one of several: a socket, a url, a login, the lost ones included. */
export type Step =
  | { readonly do: 'advance' | 'stall'; readonly ms: number }
  | { readonly do: 'open' | 'closing' | 'resolveUrl' | 'rejectUrl' | 'logIn' | 'refuse'; readonly at: number }
  | { readonly do: 'lose'; readonly at: number; readonly code: number }
  | { readonly do: 'receive'; readonly at: number; readonly message: object }
  | { readonly do: 'subscribe'; readonly key: number; readonly throws: boolean }
  | { readonly do: 'offline' | 'online' | 'wake' | 'check' | 'send' | 'unsubscribe' | 'close' };

/** How a client is made. */
export interface Setup {
  readonly asksForUrl: boolean;
  readonly logsIn: boolean;
  /** Its sockets tell of their end within `close()`. */
  readonly isEager: boolean;
  /** What the app does within its listener of an event, or within its subscription, a few times. */
  readonly reaction: { readonly on: string; readonly step: Step };
  readonly options: HealthyWebSocketOptions;
}
