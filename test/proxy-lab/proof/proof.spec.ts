import { describe } from '@jest/globals';

import { describeProof } from './use-proof.js';

const INTERVAL_MS = 1_500;
const TIMEOUT_MS = 1_200;
const CLOSE_TIMEOUT_MS = 500;
/** What a loaded machine may add. */
const SLACK_MS = 1_500;

describe('the same crowd, at the same app, on every way', () => {
  describeProof(
    {
      options: {
        heartbeat: { intervalMs: INTERVAL_MS, timeoutMs: TIMEOUT_MS },
        sweep: { closeTimeoutMs: CLOSE_TIMEOUT_MS },
      },
      // Our bound with a question more, and three rounds of the loop that pings.
      watchMs: 8_000,
    },
    {
      intervalMs: INTERVAL_MS,
      timeoutMs: TIMEOUT_MS,
      tickMs: INTERVAL_MS / 10,
      closeTimeoutMs: CLOSE_TIMEOUT_MS,
      slackMs: SLACK_MS,
    },
    120_000,
  );
});
