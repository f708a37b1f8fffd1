import { excerpt, type Layer, plain, readText, SourceError } from './source.js';

const WHAT = "the page of nginx' stub_status";

/** What `stub_status` of nginx tells: the side of the clients only. @throws SourceError */
export async function readNginx(url: URL): Promise<Layer> {
  const text = await readText({ what: WHAT, url });
  const writing = /^Reading: \d+ Writing: (\d+) Waiting: \d+/m.exec(text)?.[1];
  if (writing === undefined) throw new SourceError(`${plain(url)}: expected ${WHAT}, got ${excerpt(text)}`);
  return {
    name: 'nginx',
    source: plain(url),
    // An open WebSocket is a request whose answer is being written, and so is the request for this page.
    clients: Math.max(0, Number(writing) - 1),
    notes: [
      'stub_status counts every request that is being answered, plain ones too, and tells nothing of the side of the backend; ' +
        'a bridge in Lua that holds on to a client that has left is still counted: --sockets tells them apart',
    ],
  };
}
