import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** What a command left behind; `status` is null where it had to be killed. */
export interface Finished {
  status: number | null;
  stdout: string;
  stderr: string;
}

export function run(cwd: string, command: string, ...args: string[]): Promise<Finished> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, timeout: 120_000, killSignal: 'SIGKILL' });
    const finished: Finished = { status: null, stdout: '', stderr: '' };
    child.stdout.on('data', (data) => (finished.stdout += String(data)));
    child.stderr.on('data', (data) => (finished.stderr += String(data)));
    child.on('error', fail);
    child.on('close', (status) => done({ ...finished, status }));
  });
}

/** Runs the command line of a package that this repository has installed. */
export function runTool(cwd: string, file: string, ...args: string[]): Promise<Finished> {
  return run(cwd, process.execPath, join(root, 'node_modules', file), ...args);
}

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await run(cwd, 'npm', ...args);
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

export interface Tarball {
  path: string;
  files: string[];
}

/** Packs what `npm run build` has left in dist. */
export async function pack(folder: string): Promise<Tarball> {
  const report = await npm(root, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [packed] = JSON.parse(report) as { filename: string; files: { path: string }[] }[];
  if (!packed) throw new Error(`npm pack reported nothing: ${report}`);
  return { path: join(folder, packed.filename), files: packed.files.map((file) => file.path) };
}

const runtimePackages = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-ws',
  '@nestjs/terminus',
  '@nestjs/websockets',
  'reflect-metadata',
  'rxjs',
  'ws',
];
/** The same whatever the Nest. */
const commonPackages = ['prom-client', '@types/node', '@types/ws'];

export interface Consumer {
  nest: 11 | 12;
  type: 'module' | 'commonjs';
}

function installedVersion(name: string, from: string): string {
  const manifest = readFileSync(join(from, 'node_modules', name, 'package.json'), 'utf8');
  return `${name}@${(JSON.parse(manifest) as { version: string }).version}`;
}

/** A user's app in a new folder, with the very versions of Nest that the other tests run on. */
export async function install(folder: string, { nest, type }: Consumer, tarball: Tarball): Promise<void> {
  const nestHome = nest === 11 ? join(root, 'test/nest-11') : root;
  const packages = [
    tarball.path,
    ...runtimePackages.map((name) => installedVersion(name, nestHome)),
    ...commonPackages.map((name) => installedVersion(name, root)),
  ];
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type }));
  await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
  cpSync(join(root, 'test/package/consumer'), folder, { recursive: true });
}
