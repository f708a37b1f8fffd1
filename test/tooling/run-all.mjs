// The whole check, `npm test`: every step runs even if an earlier one failed, and the last line sums them up.
// A step that is no Jest run adds nothing to the passed ones and one to the failed ones if it fails.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Everything but `long`, which `npm run test:long` runs. What counts how soon each of a whole crowd is found runs when the
// others have ended (`alone`): it tells nothing where it has to share its machine.
const PROJECTS = ['nest-12', 'nest-11', 'alone', 'package'];

function npm(...args) {
  console.log(`\n> npm ${args.join(' ')}`);
  return spawnSync('npm', args, { stdio: 'inherit' }).status === 0;
}

function nest11IsInstalled() {
  const installed = 'test/nest-11/node_modules/.package-lock.json';
  return (
    existsSync(installed) && statSync(installed).mtimeMs >= statSync('test/nest-11/package-lock.json').mtimeMs
  );
}

function jest() {
  const folder = mkdtempSync(join(tmpdir(), 'jest-results-'));
  const file = join(folder, 'results.json');
  try {
    const ok = npm('run', 'jest', '--', '--selectProjects', ...PROJECTS, '--json', `--outputFile=${file}`);
    const results = JSON.parse(readFileSync(file, 'utf8'));
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    return {
      passed: results.numPassedTests,
      failed: ok ? failed : Math.max(failed, 1),
      skipped: results.numPendingTests + results.numTodoTests,
    };
  } catch (error) {
    console.error(error);
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const steps = ['format:check', 'lint', 'typecheck', 'build'].map((name) => ['run', name]);
if (!nest11IsInstalled()) steps.unshift(['ci', '--prefix', 'test/nest-11']);

const broken = steps.filter((step) => !npm(...step)).map((step) => step.join(' '));
const { passed, failed, skipped } = jest();

for (const step of broken) console.log(`failed: npm ${step}`);
console.log(`${passed} passed, ${failed + broken.length} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed + broken.length > 0 ? 1 : 0;
