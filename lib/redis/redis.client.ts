import { ConnectionHealthArgumentError } from '../connection-health.errors.js';

/**
 * A client of the app's own, known by its shape: `Redis` and `Cluster` of ioredis; what `createClient()`,
 * `createClientPool()`, `createSentinel()` and `createCluster()` of node-redis return.
 */
export type RedisClient = object;

/** Sends a command; the key says which server of a cluster gets it. */
export type SendCommand = (key: string, command: readonly string[]) => Promise<unknown>;

/** What is looked for in a client. */
type Shape = Readonly<Record<string, unknown>>;
type Method = (...args: unknown[]) => Promise<unknown>;

const EXPECTED =
  'a client of ioredis (Redis or Cluster) or node-redis (createClient, createClientPool, createSentinel or createCluster)';

/** @throws ConnectionHealthArgumentError for what is no client that is known */
export function senderOf(client: unknown): SendCommand {
  const shape = Object(client) as Shape;
  // ioredis has a sendCommand() as well, for command objects of its own.
  if (isMethod(shape, 'call') && isMethod(shape, 'duplicate'))
    return (_key, command) => (shape['call'] as Method).call(client, ...command);
  if (!isMethod(shape, 'sendCommand'))
    throw new ConnectionHealthArgumentError('RedisFleetStore: client', EXPECTED, client);
  const sendCommand = (shape['sendCommand'] as Method).bind(client);
  if (isNodeCluster(shape)) return (key, command) => sendCommand(key, false, [...command]);
  if (isNodeSentinel(shape)) return (_key, command) => sendCommand(false, [...command]);
  return (_key, command) => sendCommand([...command]);
}

function isNodeCluster(shape: Shape): boolean {
  return isMethod(shape, 'getSlotRandomNode') || isMethod(shape, 'getSlotMaster');
}

function isNodeSentinel(shape: Shape): boolean {
  return isMethod(shape, 'acquire') && isMethod(shape, 'getMasterNode');
}

function isMethod(shape: Shape, name: string): boolean {
  return typeof shape[name] === 'function';
}
