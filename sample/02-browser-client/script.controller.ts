import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Controller, Get, StreamableFile } from '@nestjs/common';

const SCRIPT = fileURLToPath(import.meta.resolve('nestjs-connection-health/client/healthy-websocket.min.js'));

/** The client as the package ships it for pages without a build. */
@Controller()
export class ScriptController {
  @Get('healthy-websocket.min.js')
  script(): StreamableFile {
    return new StreamableFile(createReadStream(SCRIPT), { type: 'text/javascript' });
  }
}
