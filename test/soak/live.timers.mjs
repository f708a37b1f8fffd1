// Counts the timers of this process, those without a reference included, which `process.getActiveResourcesInfo()` leaves
// out. To be imported before whatever makes timers.
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';

const made = new Set();
const PURGE_EVERY = 10_000;

for (const name of ['setTimeout', 'setInterval']) {
  const original = timers[name];
  const counting = (...args) => {
    const timer = original(...args);
    made.add(timer);
    if (made.size % PURGE_EVERY === 0) purge();
    return timer;
  };
  // `util.promisify(setTimeout)` must go on to work.
  Object.defineProperties(counting, Object.getOwnPropertyDescriptors(original));
  timers[name] = counting;
  globalThis[name] = counting;
}
syncBuiltinESMExports();

/** Node marks a timer that has fired or was cleared, whichever way that was done. */
function purge() {
  for (const timer of made) if (timer._destroyed) made.delete(timer);
}

/** How many timers are waiting. */
export function liveTimers() {
  purge();
  return made.size;
}
