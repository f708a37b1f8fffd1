import {
  Get,
  Inject,
  NotFoundException,
  Req,
  Res,
  type FactoryProvider,
  type HttpServer,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { DIAGNOSTICS_SOURCE, PAGE_FEED } from '../../connection-health.tokens.js';
import type { DiagnosticsRequest } from '../diagnostics.request.js';
import { DiagnosticsRoute } from '../diagnostics.route.js';
import type { DiagnosticsSettings } from '../diagnostics.settings.js';
import type { DiagnosticsSource } from '../diagnostics.source.js';
import { PAGE_ASSETS } from './page.assets.js';
import { PageFeed } from './page.feed.js';
import { PageReply } from './page.reply.js';

/** The live page: its controller, and what all its viewers share. */
export interface PageParts {
  readonly controller: Type;
  readonly provider: FactoryProvider<PageFeed>;
}

/**
 * Makes the controller of the live page: a class per call, since path and guards are options. A guard may be
 * request-scoped, and the controller is so with it: whatever lasts is with the provider.
 */
export function livePage(settings: DiagnosticsSettings): PageParts {
  const controller = pageController(settings);
  const useFactory = (source: DiagnosticsSource, host: HttpAdapterHost): PageFeed => {
    catchSlash(controller, host);
    return new PageFeed({ source, details: settings.details, now: () => performance.now() });
  };
  return {
    controller,
    provider: { provide: PAGE_FEED, inject: [DIAGNOSTICS_SOURCE, HttpAdapterHost], useFactory },
  };
}

/**
 * Lets `file()` be asked for `dashboard/`, too. No one path can do it: with Fastify only a wildcard is, and Express knows
 * none without a name. Here it is early enough, since Nest reads routes when all is made. An app of Nest's testing
 * module gets its adapter later: with Fastify it has no `dashboard/`, like all its routes.
 */
function catchSlash({ prototype }: Type, { httpAdapter }: HttpAdapterHost): void {
  const isFastify = (httpAdapter as HttpServer | undefined)?.getType() === 'fastify';
  const file = Object.getOwnPropertyDescriptor(prototype, 'file')!;
  Get(isFastify ? 'dashboard/*' : 'dashboard/:file')(prototype as object, 'file', file);
}

function pageController(settings: DiagnosticsSettings): Type {
  @DiagnosticsRoute(settings)
  class ConnectionHealthPageController {
    constructor(
      @Inject(PAGE_FEED) private readonly feed: PageFeed,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    ) {}

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
