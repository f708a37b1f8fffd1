import type { ClientMessage, ServerMessage } from '../protocol/messages.js';

/** The wire of one kind of server, seen from the client. */
export interface ClientCodec {
  /**
   * What a received message is. Must be quick to say no, and must never throw.
   *
   * @param data as the socket hands it over
   * @returns `undefined` for a message of the app
   */
  read(data: unknown): ServerMessage | undefined;
  /** The frame for a message of ours. */
  write(message: ClientMessage): string | ArrayBufferView;
}
