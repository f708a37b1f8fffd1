import type { FleetStore } from '../fleet/fleet.store.js';
import type { OptionReader } from './option.reader.js';

const METHODS = [
  'beat',
  'directory',
  'leave',
  'write',
  'read',
  'claim',
  'clear',
  'bury',
  'post',
  'take',
] as const satisfies (keyof FleetStore)[];

/**
 * Reads the option `fleet`: by shape, since a store may come from another copy of the package. Pure.
 *
 * @throws ConnectionHealthOptionsError for what is no store
 */
export function fleetStoreOf(reader: OptionReader): FleetStore | undefined {
  const given = reader.given('fleet');
  if (given === undefined) return undefined;
  const store = Object(given) as Partial<FleetStore>;
  const isStore = METHODS.every((name) => typeof store[name] === 'function');
  if (isStore && typeof store.beatMs === 'number' && store.beatMs > 0) return store as FleetStore;
  return reader.reject('fleet', 'a FleetStore, such as new RedisFleetStore(client)', given);
}
