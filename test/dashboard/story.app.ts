import 'reflect-metadata';

import type { AddressInfo } from 'node:net';

import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';

import { DIAGNOSTICS_SOURCE } from '../../lib/connection-health.tokens.js';
import { livePage } from '../../lib/diagnostics/page/page.controller.js';
import { MemoryLogger } from '../support/app.js';
import type { Story } from './stories.mjs';

/** An app that serves the page of a made-up day, and counts what that costs. */
export interface StoryApp {
  readonly app: INestApplication;
  readonly url: string;
  /** What the page shows from the next second on. */
  story: Story;
  /** When a snapshot was taken. */
  readonly takenAt: number[];
}

export async function storyApp(story: Story, { details = false, port = 0 } = {}): Promise<StoryApp> {
  const state: Pick<StoryApp, 'story' | 'takenAt'> = { story, takenAt: [] };
  const source = {
    snapshot: () => {
      state.takenAt.push(performance.now());
      return state.story.snapshot;
    },
    sample: () => ({ ...state.story.sample, at: Date.now() }),
    history: () => state.story.history,
  };
  @Controller('connection-health')
  class ConnectionsController {
    @Get('connections')
    list(): object {
      return { connections: state.story.connections };
    }
  }
  const settings = { path: 'connection-health', guards: [], details, dashboard: true, metrics: false };
  const page = livePage(settings);
  const module = await Test.createTestingModule({
    controllers: [page.controller, ...(details ? [ConnectionsController] : [])],
    providers: [{ provide: DIAGNOSTICS_SOURCE, useValue: source }, page.provider],
  })
    .setLogger(new MemoryLogger())
    .compile();
  const app = module.createNestApplication();
  await app.listen(port, '127.0.0.1');
  const address = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${address.port}/connection-health/dashboard`;
  return Object.assign(state, { app, url });
}
