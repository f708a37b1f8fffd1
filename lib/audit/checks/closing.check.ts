import { endedWithin, type Path } from '../probe/path.js';
import type { CloseFacts, ClosingFacts } from './path.facts.js';

/** Codes that nobody in between would make up. */
const CLIENT_CODE = 4900;
const GATEWAY_CODE = 4901;
const REASON = 'connection-health audit';
const NO_CODE = 1005;
const ABNORMAL = 1006;

/** Whether closes pass, both ways, with their codes and reasons. */
export async function closingFacts(path: Path): Promise<ClosingFacts> {
  const [client, clientBare, gateway, gatewayTerminate] = await Promise.all([
    clientCloses(path, CLIENT_CODE),
    clientCloses(path, NO_CODE),
    gatewayCloses(path),
    gatewayTerminates(path),
  ]);
  return { client, clientBare, gateway, gatewayTerminate };
}

async function clientCloses(path: Path, code: number): Promise<CloseFacts> {
  const probe = await path.open();
  if (code === NO_CODE) probe.opened.socket.close();
  else probe.opened.socket.close(code, REASON);
  const { fate } = await path.endOf(probe, path.target.waitMs);
  probe.kill();
  if (fate.state !== 'closed') return { code: null, reason: '', passes: false };
  const reason = code === NO_CODE ? '' : REASON;
  return { code: fate.code, reason: fate.reason, passes: fate.code === code && fate.reason === reason };
}

async function gatewayCloses(path: Path): Promise<CloseFacts> {
  const probe = await path.open();
  probe.tell({ ask: 'close', code: GATEWAY_CODE, reason: REASON });
  const end = await endedWithin(probe, path.target.waitMs);
  probe.kill();
  if (end === undefined) return { code: null, reason: '', passes: false };
  return { code: end.code, reason: end.reason, passes: end.code === GATEWAY_CODE && end.reason === REASON };
}

async function gatewayTerminates(path: Path): Promise<CloseFacts> {
  const probe = await path.open();
  probe.tell({ ask: 'terminate' });
  const end = await endedWithin(probe, path.target.waitMs);
  probe.kill();
  if (end === undefined) return { code: null, reason: '', passes: false };
  return { code: end.code, reason: end.reason, passes: end.code === ABNORMAL };
}
