import { fileURLToPath } from 'node:url';

const NAME = '/test/proxy-lab/';

/** `test/proxy-lab`, also for the code that was compiled into a folder below it. No slash at the end. */
export function labFolder(): string {
  const { url } = import.meta;
  return fileURLToPath(url.slice(0, url.indexOf(NAME) + NAME.length - 1));
}
