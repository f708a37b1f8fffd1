import { execFileSync } from 'node:child_process';

let created = 0;

/** A network of its own behind a cable that can be cut: a namespace and a pair of virtual Ethernet devices. */
export class NetworkNamespace {
  private constructor(
    private readonly name: string,
    private readonly device: string,
    /** Under which the inside reaches the outside. */
    readonly outsideAddress: string,
  ) {}

  /** @throws Error where the kernel, or the lack of rights, forbids namespaces */
  static create(): NetworkNamespace {
    // Unique per process and call: 16,384 addresses of 198.18.0.0/15, which RFC 2544 sets aside for tests.
    const id = `${process.pid}x${++created}`;
    const number = (process.pid * 7 + created) % 32_768;
    const subnet = `198.${18 + (number >> 14)}.${(number >> 6) & 255}`;
    const host = (number & 63) * 4;
    const [outside, inside] = [`${subnet}.${host + 1}`, `${subnet}.${host + 2}`];
    const namespace = new NetworkNamespace(`health-${id}`, `h${id}`, outside);
    const { name, device } = namespace;
    try {
      ip('netns', 'add', name);
      ip('link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('address', 'add', `${outside}/30`, 'dev', device);
      ip('link', 'set', device, 'up');
      ip('-n', name, 'address', 'add', `${inside}/30`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
    } catch (error) {
      namespace.remove();
      throw error;
    }
    return namespace;
  }

  /** What runs a command inside. */
  get within(): string[] {
    return ['ip', 'netns', 'exec', this.name];
  }

  /** Nothing gets through any more; nobody is told. */
  cutSilently(): void {
    const rules = [
      'table inet cut {',
      '  chain in { type filter hook input priority 0; policy drop; }',
      '  chain out { type filter hook output priority 0; policy drop; }',
      '}',
    ].join('\n');
    execFileSync('ip', ['netns', 'exec', this.name, 'nft', '-f', '-'], {
      input: `${rules}\n`,
      stdio: 'pipe',
    });
  }

  /** The cable is pulled. */
  unplug(): void {
    ip('-n', this.name, 'link', 'set', 'eth0', 'down');
  }

  /** Takes everything away, as far as it is there. */
  remove(): void {
    for (const args of [
      ['link', 'delete', this.device],
      ['netns', 'delete', this.name],
    ]) {
      try {
        ip(...args);
      } catch {
        // It was not there, or went with the other.
      }
    }
  }
}

/** Why namespaces cannot be used here; `undefined` where they can. */
export function namespacesForbidden(): string | undefined {
  try {
    NetworkNamespace.create().remove();
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}
