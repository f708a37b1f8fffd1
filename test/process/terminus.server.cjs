// terminus.app.mjs with all that it needs required, as a CommonJS app does.
require('reflect-metadata');

const nest = {
  ...require('@nestjs/common'),
  ...require('@nestjs/core'),
  ...require('@nestjs/platform-ws'),
  ...require('@nestjs/terminus'),
  ...require('@nestjs/websockets'),
  ...require('nestjs-connection-health'),
};
void import('./terminus.app.mjs').then(({ default: startApp }) => startApp(nest));
