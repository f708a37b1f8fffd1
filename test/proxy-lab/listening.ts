import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const LISTENING = '0A';

/** Which of these processes would still take a connection that comes to a port. Masters and workers share one socket. */
export function listeningOn(port: number, pids: readonly number[]): number[] {
  const sockets = new Set(inodesOf(port).map((inode) => `socket:[${inode}]`));
  return pids.filter((pid) => openFiles(pid).some((file) => sockets.has(file)));
}

function inodesOf(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === LISTENING && local?.endsWith(`:${hex}`))
      .map((columns) => columns[9] ?? ''),
  );
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const target = (file: string): string[] => [readlinkSync(`${folder}/${file}`)];
  return orNone(() => readdirSync(folder)).flatMap((file) => orNone(() => target(file)));
}

/** Processes end, and close their files, while one looks. */
function orNone(look: () => string[]): string[] {
  try {
    return look();
  } catch {
    return [];
  }
}
