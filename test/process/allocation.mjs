// Prints how many bytes the module allocates for a message of the app, in both directions: the whole runtime of the built
// package over a socket by shape, in a time that stands still (a real clock's reading is a number that V8 may box).
// Run with --expose-gc and a young generation that holds everything, so that nothing is collected in between.
import { Simulation } from '../../bench/scale/simulation.mjs';

const MESSAGES = 200_000;

const simulation = new Simulation();
simulation.open(1);
const [socket] = simulation.sockets;
// What a simulated client notes of what it hears is not the module's.
socket.heard = undefined;
const message = Buffer.from(JSON.stringify({ event: 'chat', data: { text: 'hello there' } }));

function bytesFor(work) {
  const run = () => {
    for (let number = 0; number < MESSAGES; number++) work();
  };
  // Not before the compiler is done with it.
  for (let round = 0; round < 3; round++) run();
  global.gc();
  const before = process.memoryUsage().heapUsed;
  run();
  return (process.memoryUsage().heapUsed - before) / MESSAGES;
}

/** The least of a few: the compiler may allocate meanwhile. */
function leastFor(work) {
  return Math.min(...Array.from({ length: 4 }, () => Math.abs(bytesFor(work))));
}

const received = leastFor(() => socket.emit('message', message, false));
const sent = leastFor(() => socket.send(message));
console.log(JSON.stringify({ received, sent }));
simulation.end();
