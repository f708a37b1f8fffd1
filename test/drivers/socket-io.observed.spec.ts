import { describeDrivers } from './suite/conformance.js';
import { socketIo } from './support/socket-io.subject.js';

describeDrivers([socketIo('websocket', 'observe')]);
