import { describeDrivers } from '../drivers/suite/conformance.js';
import { socketIo } from '../drivers/support/socket-io.subject.js';
import { WS } from '../drivers/support/ws.subject.js';

// The other transports and modes of Socket.IO are in test/drivers: there the version of Nest makes no difference.
describeDrivers([WS, socketIo('websocket', 'govern')]);
