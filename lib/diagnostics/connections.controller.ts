import { Delete, Get, Inject, Post, Req, Res, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { CONNECTION_COMMANDS, DIAGNOSTICS_SOURCE } from '../connection-health.tokens.js';
import type { ConnectionCommands } from '../connection/connection.commands.js';
import { connectionPageOf, disconnectOptionsOf } from './connection.query.js';
import { DiagnosticsReply } from './diagnostics.reply.js';
import {
  bodyOf,
  isFromAnotherSite,
  refuseInQuery,
  textOf,
  type DiagnosticsRequest,
} from './diagnostics.request.js';
import { DiagnosticsRoute } from './diagnostics.route.js';
import type { DiagnosticsSettings } from './diagnostics.settings.js';
import type { DiagnosticsSource } from './diagnostics.source.js';

const SWEEP_KEYS = ['staleAfterMs', 'dryRun'];
const UNKNOWN = 'No connection has this id: it is closed, or one of another process.';
const OTHER_SITE = 'Refused: a page of another site has asked for this, not the person who looks at it.';

/**
 * Serves single connections below `<path>`, evicts and sweeps. Only behind guards; a class for each module: two apps
 * share nothing. What cannot be used is answered with 400 and a sentence, and nothing was done.
 */
export function connectionsController(settings: DiagnosticsSettings): Type {
  @DiagnosticsRoute(settings)
  class ConnectionHealthDetailsController {
    private readonly reply: DiagnosticsReply;

    constructor(
      @Inject(DIAGNOSTICS_SOURCE) private readonly source: DiagnosticsSource,
      @Inject(CONNECTION_COMMANDS) private readonly commands: ConnectionCommands,
      @Inject(HttpAdapterHost) host: HttpAdapterHost,
    ) {
      this.reply = new DiagnosticsReply(host);
    }

    /** A page of `limit` connections; `next` is what the next one starts `after`, and missing on the last. */
    @Get('connections')
    list(@Req() { query }: DiagnosticsRequest, @Res() response: object): Promise<void> {
      return this.reply.attempt(response, () => {
        const page = connectionPageOf(query);
        // One more than asked for tells whether this is the last page.
        const found = this.source.connections({ ...page, limit: page.limit + 1 });
        const connections = found.slice(0, page.limit);
        const next = found.length > page.limit ? connections.at(-1)!.id : undefined;
        this.reply.json(response, { connections, next });
      });
    }

    @Get('connections/:id')
    show(@Req() { params }: DiagnosticsRequest, @Res() response: object): void {
      const connection = this.source.connection(textOf(params, 'id') ?? '');
      if (connection === undefined) this.reply.refuse(response, 404, UNKNOWN);
      else this.reply.json(response, connection);
    }

    /** Says how many are being closed by it: 0 where somebody has begun to close the connection already. */
    @Delete('connections/:id')
    evict(@Req() request: DiagnosticsRequest, @Res() response: object): Promise<void> {
      return this.change(request, response, async () => {
        const id = textOf(request.params, 'id') ?? '';
        const options = disconnectOptionsOf(request);
        if (this.source.connection(id) === undefined) return this.reply.refuse(response, 404, UNKNOWN);
        this.reply.json(response, { closing: await this.commands.disconnect({ id }, options) });
      });
    }

    /** Sweeps now, as `staleAfterMs` and `dryRun` in the body say, and answers with the report. */
    @Post('sweep')
    sweep(@Req() request: DiagnosticsRequest, @Res() response: object): Promise<void> {
      return this.change(request, response, async () => {
        const order = bodyOf(request, SWEEP_KEYS);
        refuseInQuery(request, SWEEP_KEYS);
        this.reply.json(response, await this.commands.sweep(order));
      });
    }

    private async change(
      { headers }: DiagnosticsRequest,
      response: object,
      work: () => Promise<void>,
    ): Promise<void> {
      if (isFromAnotherSite(headers)) this.reply.refuse(response, 403, OTHER_SITE);
      else await this.reply.attempt(response, work);
    }
  }
  return ConnectionHealthDetailsController;
}
