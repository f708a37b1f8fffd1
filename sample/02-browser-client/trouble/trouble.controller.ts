import { Controller, HttpCode, Post } from '@nestjs/common';

import { settings } from '../settings.js';
import { Freezer } from './freezer.js';
import { Network } from './network.js';

/** How long the trouble lasts, in milliseconds. */
interface Trouble {
  readonly ms: number;
}

/** What the buttons of the page do. No app should have it. */
@Controller('trouble')
export class TroubleController {
  constructor(
    private readonly freezer: Freezer,
    private readonly network: Network,
  ) {}

  @Post('freeze')
  @HttpCode(202)
  freeze(): Trouble {
    this.freezer.freeze(settings.troubleMs);
    return { ms: settings.troubleMs };
  }

  @Post('cut')
  @HttpCode(202)
  cut(): Trouble {
    this.network.cut(settings.troubleMs);
    return { ms: settings.troubleMs };
  }
}
