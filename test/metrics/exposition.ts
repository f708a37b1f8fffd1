import { Registry } from 'prom-client';

/** What a scrape says, as a test asks for it. */
export class Exposition {
  /** `name{label="value",…}` with the labels sorted, and the value. */
  private readonly series = new Map<string, number>();

  constructor(readonly text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (name !== undefined && !line.startsWith('#')) this.series.set(keyOf(name, labels), Number(value));
    }
  }

  static async of(registry: Registry): Promise<Exposition> {
    return new Exposition(await registry.metrics());
  }

  /** The value of one series; `undefined` where there is none. */
  value(name: string, labels: Record<string, string> = {}): number | undefined {
    const written = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return this.series.get(keyOf(name, written.join(',')));
  }

  /** The values of a metric by one of its labels. */
  by(label: string, name: string): Record<string, number> {
    const found = [...this.series].filter(([key]) => key.startsWith(`${name}{`));
    return Object.fromEntries(
      found.map(([key, value]) => [new RegExp(`[{,]${label}="([^"]*)"`).exec(key)?.[1] ?? '', value]),
    );
  }

  /** Every series of a metric added up. */
  sum(name: string): number {
    const found = [...this.series].filter(([key]) => key.startsWith(`${name}{`));
    return found.reduce((sum, [, value]) => sum + value, 0);
  }

  /** `# TYPE` and `# HELP` by metric. */
  get described(): Record<string, { type?: string; help?: string }> {
    const described: Record<string, { type?: string; help?: string }> = {};
    for (const [, kind, name, words] of this.text.matchAll(/^# (TYPE|HELP) (\w+) (.*)$/gm))
      described[name!] = { ...described[name!], [kind!.toLowerCase()]: words };
    return described;
  }

  /** How many series there are. */
  get size(): number {
    return this.series.size;
  }
}

function keyOf(name: string, labels: string): string {
  const sorted = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(String).sort();
  return sorted.length === 0 ? name : `${name}{${sorted.join(',')}}`;
}
