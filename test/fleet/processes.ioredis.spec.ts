import { jest } from '@jest/globals';

import { processSuite } from './support/processes.suite.js';

jest.setTimeout(90_000);

processSuite('ioredis', true);
