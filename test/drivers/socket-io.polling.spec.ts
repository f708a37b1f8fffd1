import { describeDrivers } from './suite/conformance.js';
import { socketIo } from './support/socket-io.subject.js';

describeDrivers([socketIo('polling', 'observe'), socketIo('polling', 'govern')]);
