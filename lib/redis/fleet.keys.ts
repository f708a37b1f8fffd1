/**
 * The names of all keys. What is in braces decides about the server of a cluster (hash tag): the directory is on one, all
 * of a life on one, so that no command ever needs two.
 */
export class FleetKeys {
  constructor(private readonly prefix: string) {}

  get nodes(): string {
    return `{${this.prefix}}:nodes`;
  }

  get summaries(): string {
    return `{${this.prefix}}:summaries`;
  }

  get claims(): string {
    return `{${this.prefix}}:claims`;
  }

  get losses(): string {
    return `{${this.prefix}}:losses`;
  }

  get meta(): string {
    return `{${this.prefix}}:meta`;
  }

  table(life: string, table: string): string {
    return `{${this.prefix}:${life}}:${table}`;
  }

  /** The three tables and the tombstone. */
  all(life: string): string[] {
    return ['records', 'activity', 'identities', 'tombstone'].map((table) => this.table(life, table));
  }

  box(node: string): string {
    return `{${this.prefix}:${node}}:box`;
  }
}
