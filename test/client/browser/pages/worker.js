// The client in a worker, where there is neither a window nor a document.
'use strict';

importScripts('/healthy-websocket.min.js');

onmessage = ({ data: { url, options } }) => {
  const socket = new HealthyWebSocket(url, [], options);
  socket.addEventListener('open', () => postMessage('open'));
  socket.addEventListener('close', ({ reason }) => postMessage(`close ${reason}`));
};
