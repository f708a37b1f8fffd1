import { labFolder } from './lab.folder.js';
import type { Place, Plan } from './proxy.js';

/** Protocol-terminating: a `ws` server and a `ws` client for each connection. */
export function node({ listen, port, backend, behaviour, config }: Place): Plan {
  if (config !== undefined) throw new Error('the node bridge has no configuration');
  const settings = JSON.stringify({ listen, port, backend, behaviour });
  return { files: {}, command: [process.execPath, `${labFolder()}/node.bridge.mjs`, settings] };
}
