import { Get, Inject, NotFoundException, Req, Res, type HttpServer, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { DIAGNOSTICS_SOURCE } from '../../connection-health.tokens.js';
import type { DiagnosticsRequest } from '../diagnostics.request.js';
import { DiagnosticsRoute } from '../diagnostics.route.js';
import type { DiagnosticsSettings } from '../diagnostics.settings.js';
import type { DiagnosticsSource } from '../diagnostics.source.js';
import { PAGE_ASSETS } from './page.assets.js';
import { PageFeed } from './page.feed.js';
import { PageReply } from './page.reply.js';

/** Makes the controller of the live page: a class per call, since path and guards are options. */
export function pageController(settings: DiagnosticsSettings): Type {
  @DiagnosticsRoute(settings)
  class ConnectionHealthPageController {
    private readonly feed: PageFeed;

    constructor(
      @Inject(DIAGNOSTICS_SOURCE) source: DiagnosticsSource,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    ) {
      this.feed = new PageFeed({ source, details: settings.details, now: () => performance.now() });
      this.catchSlash();
    }

    @Get('dashboard')
    page(@Req() request: DiagnosticsRequest, @Res() response: unknown): void {
      this.serve('page.html', request, response);
    }

    @Get('dashboard/data')
    data(@Req() request: DiagnosticsRequest, @Res() response: unknown): void {
      const since = Number(new URLSearchParams(this.urlOf(request)[1]).get('since'));
      this.replyTo(response).data(this.feed.read(Number.isFinite(since) ? since : 0));
    }

    /** Its route is the one of {@link catchSlash}. */
    file(@Req() request: DiagnosticsRequest, @Res() response: unknown): void {
      // Read from the address and not by @Param(), which the app's global pipes would have a say in.
      const [, name = ''] = /\/dashboard\/([^/]*)$/i.exec(this.urlOf(request)[0]) ?? [];
      this.serve(name, request, response);
    }

    /**
     * Lets `file()` be asked for `dashboard/`, too. No one path can do it: with Fastify only a wildcard is, and Express knows
     * none without a name. Here it is early enough, since Nest reads routes when all is made. An app of Nest's testing
     * module gets its adapter later: with Fastify it has no `dashboard/`, like all its routes.
     */
    private catchSlash(): void {
      const isFastify = (this.host.httpAdapter as HttpServer | undefined)?.getType() === 'fastify';
      const { prototype } = ConnectionHealthPageController;
      const file = Object.getOwnPropertyDescriptor(prototype, 'file')!;
      Get(isFastify ? 'dashboard/*' : 'dashboard/:file')(prototype, 'file', file);
    }

    private serve(name: string, request: DiagnosticsRequest, response: unknown): void {
      const [path, query] = this.urlOf(request);
      const reply = this.replyTo(response);
      // The page's links are relative, and one level off there. So is the redirect: only a proxy may know the whole path.
      if (/\/dashboard\/$/i.test(path)) reply.redirect(`../dashboard${query === '' ? '' : `?${query}`}`);
      else if (Object.hasOwn(PAGE_ASSETS, name))
        reply.asset(PAGE_ASSETS[name]!, request.headers['if-none-match']);
      else throw new NotFoundException();
    }

    /** Path and query of a request. */
    private urlOf(request: DiagnosticsRequest): [string, string] {
      const url = String(this.host.httpAdapter.getRequestUrl?.(request) ?? '');
      const at = url.indexOf('?');
      return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
    }

    private replyTo(response: unknown): PageReply {
      return new PageReply(this.host.httpAdapter, response);
    }
  }
  return ConnectionHealthPageController;
}
