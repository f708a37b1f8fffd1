import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach } from '@jest/globals';

import { run, type CliRun } from './printed.js';

/** Starts HTTP servers that are closed after the test. @returns a function that gives the address of each */
export function useServers(): (answer: RequestListener) => Promise<string> {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    }
  });
  return async (answer) => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
}

/** Writes files that are gone after the test. @returns a function that gives the path of each */
export function useFiles(): (content: string) => string {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  return (content) => {
    const folder = mkdtempSync(join(tmpdir(), 'layers-'));
    folders.push(folder);
    const path = join(folder, 'sockets.txt');
    writeFileSync(path, content);
    return path;
  };
}

/** Answers everything with a text. */
export function text(body: string, status = 200, headers = {}): RequestListener {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

/** The diagnostics of a gateway that holds so many connections. */
export function diagnostics(total: number, more: object = {}): RequestListener {
  const idle = { active_last_60s: total, 'idle_1-5min': 0, 'idle_5min+': 0 };
  return text(JSON.stringify({ total_connections: total, connections_by_last_activity: idle, ...more }));
}

/** nginx that answers so many requests, that for its own numbers among them. */
export function stubStatus(writing: number): RequestListener {
  const lines = ['Active connections: 9 ', 'server accepts handled requests', ' 9 9 9 '];
  return text([...lines, `Reading: 0 Writing: ${writing} Waiting: 3 `, ''].join('\n'));
}

export function layers(...args: readonly string[]): Promise<CliRun> {
  return run(['layers', ...args]);
}
