import { describeDrivers } from './suite/conformance.js';
import { WS } from './support/ws.subject.js';

describeDrivers([WS]);
