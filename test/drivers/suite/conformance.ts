import { describe } from '@jest/globals';

import type { DriverUnderTest } from '../support/driver.js';
import { useStage } from '../support/stage.js';
import { describeClosing } from './closing.js';
import { describeCounting } from './counting.js';
import { describeLeaving } from './leaving.js';
import { describeSeeing } from './seeing.js';

/** What every driver promises, in each of its modes. */
export function describeDrivers(drivers: readonly DriverUnderTest[]): void {
  describe.each(drivers.map((driver) => [driver.name, driver] as const))('%s:', (_name, driver) => {
    const stage = useStage(driver);
    describeSeeing(stage);
    describeCounting(stage);
    describeClosing(stage);
    describeLeaving(stage);
  });
}
