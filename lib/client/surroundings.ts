/** What we use of a browser's `window` and `document`; neither exists in Node. */
interface Surroundings {
  readonly document?: { readonly visibilityState: string };
  readonly navigator?: { readonly onLine?: boolean };
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
}

const here = globalThis as unknown as Surroundings;

/** Whether the system knows that it has no network. Not knowing is no. */
export function isOffline(): boolean {
  return here.navigator?.onLine === false;
}

/** `visible` or `hidden` in a page, `undefined` elsewhere. */
export function pageState(): string | undefined {
  return here.document?.visibilityState;
}

/** After these a page may have been asleep, or without a network: `pageshow` ends the back/forward cache, `resume` a freeze. */
const WAKES = ['online', 'offline', 'pageshow', 'visibilitychange', 'resume'];

/**
 * Calls back after each of {@link WAKES}. Does nothing where there is no page.
 *
 * @returns stops it
 */
export function onWake(woke: () => void): () => void {
  // What happens to the document passes the window first: one place is enough to hear of all.
  for (const type of WAKES) here.addEventListener?.(type, woke, true);
  return () => {
    for (const type of WAKES) here.removeEventListener?.(type, woke, true);
  };
}
