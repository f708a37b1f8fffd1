/** What sockets report (RFC 6455 section 7.4.1): no code in the close frame. */
export const NO_STATUS = 1005;
/** And: no close frame. */
export const ABNORMAL = 1006;
/** Unauthorized, in IANA's WebSocket close code registry. */
export const UNAUTHORIZED = 3000;
/** Sent to a server that is given up: `timeout` of `CLOSE_REASONS`. Never 1000: nothing was finished. */
export const GIVEN_UP = 4001;

/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of them are the code. */
const MAX_REASON_BYTES = 123;

/**
 * What the standard `close()` refuses.
 *
 * @throws DOMException `InvalidAccessError` for a code that an app may not send, `SyntaxError` for a reason that is too long
 */
export function assertSendable(code: number | undefined, reason: string): void {
  const isCode = code === undefined || code === 1000 || (code >= 3000 && code <= 4999);
  if (isCode && new Blob([reason]).size <= MAX_REASON_BYTES) return;
  throw new DOMException(
    `expected 1000 or 3000-4999, ${MAX_REASON_BYTES} bytes`,
    isCode ? 'SyntaxError' : 'InvalidAccessError',
  );
}
