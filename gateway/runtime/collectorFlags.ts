import { type ChildProcess, spawn } from 'node:child_process';
import { runsFromSources } from './sourceLoader.ts';

/**
 * How V8 collects garbage in a process that answers requests.
 *
 * `--max-semi-space-size`: objects of a request are collected cheaply when they die young, before the half-space that they were born
 * in is full. The 16 MB of its default are full after a few requests with large answers, while fifty are in flight, and then all of
 * them are copied. With 64 MB the four-subgraph operation costs 10 to 17 % less processor time; more gives little.
 *
 * `--heap-growing-percent`: a full collection comes when the old objects have grown to five times what the last one left, or half
 * the way to what the process may have. By default they grow to less than twice, and every two seconds, at a thousand requests a second, all
 * requests in flight waited 50 ms longer: their 99th percentile was 108 ms and is 78, for 90 MB.
 */
export const collectorFlags: readonly string[] = ['--max-semi-space-size=64', '--heap-growing-percent=400'];

/** Whether whoever started this process has chosen flags, or this is development. */
function isChosen(): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ');
  return (
    runsFromSources ||
    /--(max[-_]semi[-_]space[-_]size|min[-_]semi[-_]space[-_]size|heap[-_]growing[-_]percent)/.test(flags)
  );
}

/** The flags of Node.js for another process that answers requests. */
export function flagsForRequests(): readonly string[] {
  return isChosen() ? process.execArgv : [...process.execArgv, ...collectorFlags];
}

/**
 * V8 takes the flags at the start of a process only. A process that lacks them starts itself again with them, hands on the signals
 * and messages it gets, and ends as that one ends.
 *
 * @param isNeeded `false` where one was chosen already, by flag or `NODE_OPTIONS`, and in development
 * @returns whether that was done: then nothing else is to be done here
 */
export function restartedWithCollectorFlags(isNeeded = !isChosen()): boolean {
  if (!isNeeded) return false;
  const child = spawn(process.execPath, [...process.execArgv, ...collectorFlags, ...process.argv.slice(1)], {
    // with the channel it also learns of the end of this process, however that came
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  child.on('message', (message) => process.send?.(message));
  process.on('disconnect', () => child.disconnect());
  endWith(child);
  return true;
}

function endWith(child: ChildProcess): void {
  child.on('error', (error) => {
    process.stderr.write(`The process that serves could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const each of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(each);
    process.kill(process.pid, signal);
  });
}
