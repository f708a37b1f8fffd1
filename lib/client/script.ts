import { HealthyWebSocket } from './healthy.websocket.js';

// For pages without modules: `<script src="healthy-websocket.min.js">` makes the class global.
Object.assign(globalThis, { HealthyWebSocket });
