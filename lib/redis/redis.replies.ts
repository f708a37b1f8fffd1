/** Clients may be told to answer with buffers, or with numbers as texts: replies are read whatever they are made of. */

export function textOf(reply: unknown): string {
  return String(reply);
}

export function numberOf(reply: unknown): number {
  return Number(typeof reply === 'number' ? reply : String(reply));
}

/** What follows the number that our scripts put before a text. */
export function afterNumber(text: string): string {
  return text.slice(text.indexOf(' ') + 1);
}

export function list(reply: unknown): unknown[] {
  return Array.isArray(reply) ? (reply as unknown[]) : [];
}

/** A flat list, three by three. */
export function triples(reply: unknown): [unknown, unknown, unknown][] {
  const flat = list(reply);
  return Array.from({ length: Math.floor(flat.length / 3) }, (_, at) => [
    flat[3 * at],
    flat[3 * at + 1],
    flat[3 * at + 2],
  ]);
}
