// Jest schedules runners one after another, and a serial one without workers: the package's specs,
// which run npm and tsc, then neither disturb the timing of the other specs nor each other.
const { default: TestRunner } = require('jest-runner');

module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
