// A library that takes a class of sockets, and reconnects by itself: RxJS' webSocket().
import { retry } from 'rxjs';
import { webSocket } from 'rxjs/webSocket';

import { HealthyWebSocket } from '../../../../lib/client/index.ts';

/** Notes each message, and each end that RxJS hears of. */
window.startRxjs = (url, options) => {
  const subject = webSocket({
    url,
    WebSocketCtor: HealthyWebSocket.with({ ...options, reconnect: false }),
    openObserver: { next: () => window.witness.note('rxjs open') },
    closeObserver: { next: ({ code }) => window.witness.note('rxjs close', { code }) },
  });
  subject.pipe(retry({ delay: 200 })).subscribe({
    next: (message) => window.witness.note('rxjs message', { data: JSON.stringify(message) }),
    error: (error) => window.witness.note('rxjs error', { reason: String(error) }),
    complete: () => window.witness.note('rxjs complete'),
  });
  window.rxjsSubject = subject;
};
