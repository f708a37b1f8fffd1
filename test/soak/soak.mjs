// A soak: thousands of clients that come, go and die in every way, on a server that stalls now and then, for minutes or
// for a day. Fails if a promise was broken. `npm run soak -- --minutes 10 --connections 5000 [--seed N]`
import { endAll } from './children.mjs';
import { printReport } from './report.mjs';
import { settingsFrom } from './settings.mjs';
import { Soak } from './soak.run.mjs';

function settingsOrExit() {
  try {
    return settingsFrom(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
}

const settings = settingsOrExit();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });
}
process.on('exit', endAll);

try {
  const { minutes, connections, seed } = settings;
  console.log(`soak: ${minutes} min, ${connections} connections, seed ${seed}`);
  const result = await new Soak(settings).run();
  process.exitCode = printReport(settings, result) ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  endAll();
}
process.exit();
