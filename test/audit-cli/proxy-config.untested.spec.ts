import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from '@jest/globals';
import { format } from 'prettier';

import { printed } from './printed.js';

const execute = promisify(execFile);
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with one program in it. */
function programIn(name: string, script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'proxy-config-'));
  folders.push(folder);
  writeFileSync(join(folder, name), script);
  chmodSync(join(folder, name), 0o755);
  return folder;
}

/** Where a program lies. @throws Error where it is not installed */
async function located(name: string): Promise<string> {
  const { stdout } = await execute('sh', ['-c', `command -v ${name}`]);
  return stdout.trim();
}

/** Runs a printed script with this program before all others. */
async function runScript(text: string, folder: string, variables: Record<string, string>): Promise<void> {
  const script = join(folder, 'script.sh');
  writeFileSync(script, text);
  const path = `${folder}${delimiter}${process.env['PATH'] ?? ''}`;
  await execute('sh', [script], { env: { ...process.env, ...variables, PATH: path } });
}

const AWS = await located('aws');

describe('what could not be tried', () => {
  it.each(['traefik', 'envoy'])('%s is at least well-formed YAML', async (name) => {
    const text = await printed(name, '--path', '/ws', '--upstream', '[::1]:3000');
    await expect(format(text, { parser: 'yaml' })).resolves.toContain('/ws');
  });

  it('cloudflare: the script sets what it says, and nothing else', async () => {
    const folder = programIn('curl', `#!/bin/sh\nprintf '%s\\n' "$@" >> "$CALLS"\n`);
    const calls = join(folder, 'calls');
    writeFileSync(calls, '');
    const variables = { CALLS: calls, ZONE_ID: 'z1', CLOUDFLARE_API_TOKEN: 't1' };
    await runScript(await printed('cloudflare'), folder, variables);
    const { stdout } = await execute('cat', [calls]);
    expect(stdout.split('\n')).toEqual([
      ...[
        '--fail',
        '--request',
        'PATCH',
        'https://api.cloudflare.com/client/v4/zones/z1/settings/websockets',
      ],
      ...['--header', 'Authorization: Bearer t1', '--header', 'Content-Type: application/json'],
      ...['--data', '{"value":"on"}', ''],
    ]);
  });
});

describe('the commands for aws-alb', () => {
  it('make the AWS CLI ask for what is meant', async () => {
    const bodies: URLSearchParams[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => (body += String(data)));
      request.on('end', () => {
        const query = new URLSearchParams(body);
        bodies.push(query);
        const result = `${query.get('Action')}Result`;
        response.writeHead(200, { 'content-type': 'text/xml' });
        response.end(`<Answer><${result}><Attributes/></${result}></Answer>`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const options = `--endpoint-url ${url} --no-sign-request --region us-east-1`;
    const folder = programIn('aws', `#!/bin/sh\nexec ${AWS} "$@" ${options} >/dev/null\n`);
    try {
      const arns = { LOAD_BALANCER_ARN: 'arn:lb', TARGET_GROUP_ARN: 'arn:tg', LISTENER_ARN: 'arn:li' };
      await runScript(await printed('aws-alb', '--path', '/ws'), folder, arns);
    } finally {
      server.close();
      server.closeAllConnections();
    }
    const [balancer, targets, rule] = bodies.map((body) => Object.fromEntries(body));
    expect(balancer).toMatchObject({
      Action: 'ModifyLoadBalancerAttributes',
      'Attributes.member.1.Key': 'idle_timeout.timeout_seconds',
      'Attributes.member.1.Value': '75',
    });
    expect(targets).toMatchObject({
      Action: 'ModifyTargetGroupAttributes',
      'Attributes.member.1.Key': 'deregistration_delay.timeout_seconds',
      'Attributes.member.2.Value': 'least_outstanding_requests',
    });
    expect(rule).toMatchObject({
      Action: 'CreateRule',
      ListenerArn: 'arn:li',
      'Conditions.member.1.Values.member.1': '/ws*',
      'Actions.member.1.TargetGroupArn': 'arn:tg',
    });
  }, 60_000);
});
