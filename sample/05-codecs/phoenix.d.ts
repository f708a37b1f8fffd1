/** What this sample uses of npm's `phoenix`, which comes without types. */
declare module 'phoenix' {
  interface Push {
    receive(status: 'ok', callback: (response: unknown) => void): Push;
  }
  interface Channel {
    join(): Push;
    push(event: string, payload: object): Push;
  }
  export class Socket {
    constructor(endPoint: string, options: { transport: unknown; heartbeatIntervalMs: number });
    connect(): void;
    channel(topic: string, parameters: object): Channel;
    onOpen(callback: () => void): void;
    onClose(callback: () => void): void;
  }
}
