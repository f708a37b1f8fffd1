import { Injectable } from '@nestjs/common';

/** Who is in the chat. */
@Injectable()
export class Presence {
  private readonly names = new Set<string>();

  get online(): string[] {
    return [...this.names].sort();
  }

  join(name: string): void {
    this.names.add(name);
  }

  leave(name: string): void {
    this.names.delete(name);
  }
}
