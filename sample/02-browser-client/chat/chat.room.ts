import { Injectable } from '@nestjs/common';

/** What a page says. */
export interface Remark {
  /** Chosen by the page. The same one twice is the same remark, sent again by a page that missed the echo. */
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

/** What everybody hears. */
export interface SaidRemark extends Remark {
  /** Grows from remark to remark, also over restarts. */
  readonly at: number;
}

const KEPT = 100;

/** The last remarks of the conversation. */
@Injectable()
export class ChatRoom {
  private readonly remarks: SaidRemark[] = [];

  /** @returns `undefined` for a remark that is there already */
  add({ id, name, text }: Remark): SaidRemark | undefined {
    if (this.remarks.some((remark) => remark.id === String(id))) return undefined;
    const said = {
      id: String(id).slice(0, 64),
      name: String(name).slice(0, 40),
      text: String(text).slice(0, 500),
      at: Math.max(Date.now(), (this.remarks.at(-1)?.at ?? 0) + 1),
    };
    this.remarks.push(said);
    this.remarks.splice(0, this.remarks.length - KEPT);
    return said;
  }

  since(at: number): SaidRemark[] {
    return this.remarks.filter((remark) => remark.at > at);
  }
}
