// Stops a process and lets it go on. Arguments: its id, and for how many milliseconds.

/** The answer to whoever asked for it goes out first. */
const BEFORE_MS = 200;
const [pid, ms] = process.argv.slice(2).map(Number) as [number, number];

function thaw(): void {
  send('SIGCONT');
  process.exit();
}

function send(signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    process.exit(); // it has ended meanwhile
  }
}

// Ctrl-C reaches all processes of a terminal: a stopped one must hear of it, too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, thaw);
setTimeout(() => {
  send('SIGSTOP');
  setTimeout(thaw, ms);
}, BEFORE_MS);
