import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** Every process that runs, read from /proc. Zombies are left out: they hold nothing, and who must reap them may not. */
export function runningProcesses(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => entryOf(Number(name)));
}

/** A process and all it has started, as long as they have not founded sessions of their own. */
export function processesOf(leader: number): number[] {
  return runningProcesses()
    .filter(({ group, session }) => session === leader || group === leader)
    .map(({ pid }) => pid);
}

function entryOf(pid: number): ProcessEntry[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may contain anything, also parentheses.
    const [state, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return [];
    return [{ pid, parent: Number(parent), group: Number(group), session: Number(session) }];
  } catch {
    return []; // it has just ended
  }
}
