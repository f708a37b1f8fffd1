// Three nodes behind nginx with a Redis, without Docker: needs redis-server and nginx. Ctrl-C ends all of it.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'fleet-sample-'));
const children: ChildProcess[] = [];

function end(): void {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
process.once('SIGINT', end);
process.once('SIGTERM', end);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function start(command: string, ...args: string[]): void {
  const child = spawn(command, args, { stdio: 'inherit' });
  child.once('error', (error) => {
    console.error(`${command} cannot be started: ${error.message}`);
    end();
  });
  children.push(child);
}

async function startNode(redisPort: number): Promise<number> {
  const env = { ...process.env, PORT: '0', REDIS_URL: `redis://127.0.0.1:${redisPort}` };
  const child = fork(join(import.meta.dirname, 'main.js'), { env });
  children.push(child);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  console.log(`node       http://127.0.0.1:${port} pid ${child.pid}`);
  return port;
}

/** The configuration that Docker uses, with the addresses of this machine. */
function nginxConfiguration(port: number, nodes: readonly number[]): string {
  let home = import.meta.dirname;
  while (!existsSync(join(home, 'nginx.conf'))) home = dirname(home);
  const shared = readFileSync(join(home, 'nginx.conf'), 'utf8')
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace(/node-(\d):3000/g, (_match, node: string) => `127.0.0.1:${nodes[Number(node) - 1]}`);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${join(folder, name)};`)
    .join(' ');
  return `daemon off; master_process off; pid ${join(folder, 'nginx.pid')}; error_log stderr error;
events {}
http { access_log off; ${temporary}
${shared}
}`;
}

const [redisPort, port] = [await freePort(), Number(process.env['PORT'] ?? 8080) || (await freePort())];
start(
  'redis-server',
  '--port',
  String(redisPort),
  '--bind',
  '127.0.0.1',
  '--save',
  '',
  '--loglevel',
  'warning',
  '--dir',
  folder,
);
const nodes = [await startNode(redisPort), await startNode(redisPort), await startNode(redisPort)];
const file = join(folder, 'nginx.conf');
mkdirSync(folder, { recursive: true });
writeFileSync(file, nginxConfiguration(port, nodes));
start('nginx', '-e', 'stderr', '-p', folder, '-c', file);

console.log(`page       http://127.0.0.1:${port}/connection-health/dashboard`);
console.log(`clients    ws://127.0.0.1:${port}/?user=anna`);
console.log(`find       curl http://127.0.0.1:${port}/users/anna`);
console.log(`evict      curl -X DELETE http://127.0.0.1:${port}/users/anna`);
console.log('lose one   kill -9 <pid of a node>, and watch the page');
