import { TestClient } from '../../support/client.js';
import { until } from '../../support/wait.js';
import { TOKEN } from './audited.app.js';

type Message = Record<string, unknown>;

/** A client that speaks the audit's language by hand. */
export class Asker {
  private lastId = 0;

  private constructor(readonly client: TestClient) {}

  static async connect(url: string, headers: Record<string, string> = {}): Promise<Asker> {
    return new Asker(await TestClient.connect(url, { headers }));
  }

  /** One that has proven the token. */
  static async begun(url: string, run = 'run'): Promise<Asker & { readonly session: string }> {
    const asker = await Asker.connect(url);
    const { begun } = (await asker.ask({ ask: 'begin', token: TOKEN, run })) as {
      begun: { session: string };
    };
    return Object.assign(asker, { session: begun.session });
  }

  /** Messages of the gateway to an audit. */
  get heard(): Message[] {
    return this.client.messages
      .filter((text) => text.includes('server_audit'))
      .map((text) => JSON.parse(text) as Message);
  }

  /** Asks, and waits for the answer. */
  async ask(question: object, withinMs?: number): Promise<Message> {
    const id = this.tell(question);
    const answer = (): Message | undefined => this.heard.find((message) => message['id'] === id);
    await until(`an answer to ${JSON.stringify(question)}`, () => answer() !== undefined, withinMs);
    return answer()!;
  }

  /** Asks, and does not wait. @returns the id of the question */
  tell(question: object): number {
    const id = ++this.lastId;
    this.client.send({ type: 'client_audit', id, ...question });
    return id;
  }

  async fateOf(session: string): Promise<Message> {
    return (await this.ask({ ask: 'fate', session }))['fate'] as Message;
  }
}
