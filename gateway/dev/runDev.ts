import { relative } from 'node:path';
import { printBannerWhenReady } from './banner.ts';
import { type DevProcess, type DevTiming, defaultTiming } from './devProcess.ts';
import { ManagedProcess } from './managedProcess.ts';
import { makePrefixes, wantsColour } from './prefixedLines.ts';
import { findTakenPorts } from './takenPorts.ts';
import { type ProcessWatch, watchPaths } from './watchProcess.ts';

export type { DevProcess } from './devProcess.ts';

export interface DevOptions {
  /** The subgraphs, and the gateway last. */
  readonly processes: readonly DevProcess[];
  /** Without a slash at its end: `http://127.0.0.1:4000`. */
  readonly gatewayUrl: string;
  /** `/graphql` */
  readonly graphqlPath: string;
  /** Must succeed without errors before the banner is printed. */
  readonly sampleQuery: string;
  /** The addresses to open, for the banner. */
  readonly pages: readonly { readonly name: string; readonly url: string }[];
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Ends everything, as SIGINT, SIGTERM and SIGHUP do. */
  readonly signal?: AbortSignal;
}

const exitPortTaken = 5;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs subgraphs and gateway until a signal ends them: what `npm start` does.
 *
 * @returns the exit code: 0 after a signal, 5 if a port is taken (nothing was started), 3, 4 or 5 if a process ended
 *   with that code, 1 if one crashed again and again. When it returns, no process is left.
 */
export async function runDev(options: DevOptions, timing: DevTiming = defaultTiming): Promise<number> {
  const { processes, stdout, stderr } = options;
  const taken = await findTakenPorts(processes);
  if (taken.length > 0) {
    for (const { message } of taken) stderr.write(`${message}\n`);
    return exitPortTaken;
  }

  const stopped = new AbortController();
  let exitCode = 0;
  const end = (code: number): void => {
    if (!stopped.signal.aborted) exitCode = code;
    stopped.abort();
  };
  const names = processes.map(({ name }) => name);
  const prefixes = makePrefixes(names, wantsColour(stdout, process.env));
  const streams = { stdout, stderr };
  const managed = processes.map(
    (definition) =>
      new ManagedProcess(definition, {
        timing,
        ended: end,
        print: (line, stream) => streams[stream].write(`${prefixes.get(definition.name)}${line}\n`),
      }),
  );

  const release = listenForStop(options, { end, managed, stopped: stopped.signal });
  let watches: readonly ProcessWatch[] = [];
  try {
    watches = await watchAll(managed, { timing, stdout, stopped: stopped.signal });
    if (!stopped.signal.aborted) for (const one of managed) one.start();
    const print = (line: string): void => void stdout.write(`${line}\n`);
    const banner = printBannerWhenReady({ ...options, timing, print, signal: stopped.signal });
    await Promise.all([banner, aborted(stopped.signal)]);
  } finally {
    await Promise.all([...managed.map((one) => one.stop()), ...watches.map((one) => one.close())]);
    release();
  }
  return exitCode;
}

interface StopListeners {
  readonly end: (code: number) => void;
  readonly managed: readonly ManagedProcess[];
  readonly stopped: AbortSignal;
}

/** Listens for all that ends the run. @returns a function that stops listening */
function listenForStop({ signal, stdout }: DevOptions, { end, managed, stopped }: StopListeners): () => void {
  const killAll = (): void => {
    for (const one of managed) one.kill();
  };
  // Who presses Ctrl-C a second time does not want to wait.
  const onSignal = (): void => (stopped.aborted ? killAll() : end(0));
  for (const name of stopSignals) process.on(name, onSignal);
  // If the supervisor itself fails, nothing it started outlives it.
  process.on('exit', killAll);
  // The reader of a pipe (`npm start | head`) has gone.
  stdout.on('error', onSignal);
  signal?.addEventListener('abort', onSignal, { once: true });
  if (signal?.aborted) end(0);
  return () => {
    for (const name of stopSignals) process.off(name, onSignal);
    process.off('exit', killAll);
    stdout.off('error', onSignal);
    signal?.removeEventListener('abort', onSignal);
  };
}

interface WatchOptions {
  readonly timing: DevTiming;
  readonly stdout: NodeJS.WritableStream;
  readonly stopped: AbortSignal;
}

/** Restarts processes whose files change, one after the other: all at once would take the machine from the gateway. */
function watchAll(
  managed: readonly ManagedProcess[],
  { timing, stdout, stopped }: WatchOptions,
): Promise<ProcessWatch[]> {
  let queue = Promise.resolve();
  const waiting = new Set<ManagedProcess>();
  const restart = (one: ManagedProcess, file: string): void => {
    if (waiting.has(one)) return;
    waiting.add(one);
    queue = queue.then(async () => {
      waiting.delete(one);
      if (stopped.aborted) return;
      stdout.write(`Restarting ${one.definition.name}: ${relative(one.definition.cwd, file)} has changed\n`);
      await one.restart();
    });
  };
  return Promise.all(
    managed.map((one) =>
      watchPaths({
        paths: one.definition.watch,
        debounceMs: timing.debounceMs,
        changed: (file) => restart(one, file),
      }),
    ),
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
