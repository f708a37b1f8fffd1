import type { LaunchOptions } from 'playwright-core';

/** How Debian's Chromium is started. */
export const CHROMIUM: LaunchOptions;
