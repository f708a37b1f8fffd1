import { request, type IncomingHttpHeaders } from 'node:http';

/** What a server has answered. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  json<Body = Record<string, unknown>>(): Body;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | object;
}

/** Asks as `curl` does: the path goes out as it is written, and no header is added that was not asked for. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: Question = {},
): Promise<Answer> {
  const [, origin, path] = /^(?:ws|http)(:\/\/[^/]+)(.*)$/.exec(url)!;
  const payload = typeof body === 'object' ? JSON.stringify(body) : body;
  const type = typeof body === 'object' ? { 'content-type': 'application/json' } : {};
  const length = payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) };
  return new Promise((resolve, reject) => {
    const asked = request(
      `http${origin}`,
      { method, path: path || '/', headers: { ...type, ...length, ...headers } },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject).on('end', () =>
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            text,
            json: <Body>() => JSON.parse(text) as Body,
          }),
        );
      },
    );
    asked.on('error', reject).end(payload);
  });
}

/** The answer to an upgrade. @throws Error where it is accepted */
export function refusedUpgrade(url: string): Promise<{ status: number; retryAfter: string | undefined }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  };
  return new Promise((resolve, reject) => {
    const sent = request(url.replace('ws:', 'http:'), { headers });
    sent.on('response', ({ statusCode, headers: answer }) =>
      resolve({ status: statusCode!, retryAfter: answer['retry-after'] }),
    );
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new Error('the upgrade was accepted'));
    });
    sent.on('error', reject);
    sent.end();
  });
}
