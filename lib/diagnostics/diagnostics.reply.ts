import { STATUS_CODES } from 'node:http';

import type { HttpAdapterHost } from '@nestjs/core';

import { ConnectionHealthArgumentError } from '../connection-health.errors.js';

/**
 * Answers through Nest's HTTP adapter, with Express as with Fastify, and past what the app does to its own answers:
 * interceptors, serializers and envelopes see none of it, since it leaves as text.
 */
export class DiagnosticsReply {
  constructor(private readonly host: HttpAdapterHost) {}

  json(response: object, body: object, status = 200): void {
    this.text(
      response,
      { contentType: 'application/json; charset=utf-8', text: JSON.stringify(body) },
      status,
    );
  }

  text(response: object, { contentType, text }: { contentType: string; text: string }, status = 200): void {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'Content-Type', contentType);
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'X-Content-Type-Options', 'nosniff');
    httpAdapter.reply(response, text, status);
  }

  /** In the shape of Nest's own errors. */
  refuse(response: object, statusCode: number, message: string): void {
    this.json(response, { statusCode, error: STATUS_CODES[statusCode], message }, statusCode);
  }

  /** Does what was asked; what was asked in a way that cannot be done is the caller's fault, and told as a sentence. */
  async attempt(response: object, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ConnectionHealthArgumentError)) throw error;
      this.refuse(response, 400, error.message);
    }
  }
}
