import type { HttpServer } from '@nestjs/common';

/**
 * Sent with every answer of the page: it runs its own files, reads its own server, and nothing else. An injected script
 * would not run even if one got onto the page.
 */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

/** A file of the page. */
export interface PageAsset {
  readonly type: string;
  /** Changes with the text; quoted, as in the header. */
  readonly etag: string;
  readonly text: string;
}

/**
 * Answers through the app's own HTTP adapter, so that it is the same on Express and Fastify. Bodies are strings, which no
 * JSON setting, serializer or envelope of the app touches; headers replace those that helmet has set before.
 */
export class PageReply {
  constructor(
    private readonly adapter: HttpServer,
    private readonly response: unknown,
  ) {}

  /** @param knownTags the request's `If-None-Match` */
  asset({ type, etag, text }: PageAsset, knownTags: string | undefined): void {
    // Without a max-age: after an update of the package no old script may meet new data.
    this.headers({ 'Content-Type': type, 'Cache-Control': 'no-cache', ETag: etag });
    if (isKnown(etag, knownTags)) this.adapter.reply(this.response, '', 304);
    else this.adapter.reply(this.response, text, 200);
  }

  data(data: object): void {
    this.headers({ 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' });
    this.adapter.reply(this.response, JSON.stringify(data), 200);
  }

  redirect(location: string): void {
    this.headers({ 'Cache-Control': 'no-store' });
    this.adapter.redirect(this.response, 302, location);
  }

  private headers(own: Record<string, string>): void {
    for (const [name, value] of Object.entries({ ...HEADERS, ...own }))
      this.adapter.setHeader?.(this.response, name, value);
  }
}

/** Proxies that compress turn a tag into a weak one. */
function isKnown(etag: string, knownTags = ''): boolean {
  return knownTags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
