import { printBannerWhenReady } from './banner.ts';
import { type DevProcess, type DevTiming, defaultTiming } from './devProcess.ts';
import { followProcesses } from './followProcesses.ts';
import { LinePrefixes, wantsColour } from './prefixedLines.ts';
import { ProcessSet } from './processSet.ts';
import { findTakenPorts } from './takenPorts.ts';

export interface DevOptions {
  /**
   * What is to run: the subgraphs and the gateway. Asked at the start, where what it throws ends the run, and again and
   * again: the processes become those of the list, and while it throws they stay as they are.
   */
  readonly processes: () => Promise<readonly DevProcess[]>;
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
 * Until the banner, a process that cannot run ends the whole, so that a start that fails has an exit code. After it, such
 * a process waits for the next change: somebody is at work on it.
 *
 * @returns the exit code: 0 after a signal, 5 if a port is taken (nothing was started), 3, 4 or 5 if a process ended
 *   with that code, 1 if one crashed again and again. When it returns, no process is left.
 * @throws what `processes` throws at the start
 */
export async function runDev(options: DevOptions, timing: DevTiming = defaultTiming): Promise<number> {
  const { stdout, stderr } = options;
  const first = await options.processes();
  const taken = await findTakenPorts(first);
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
  let isUp = false;
  const say = (line: string): void => void stdout.write(`${line}\n`);
  const prefixes = new LinePrefixes(wantsColour(stdout, process.env));
  const streams = { stdout, stderr };
  const set = new ProcessSet({
    timing,
    say,
    print: (name, line, stream) => streams[stream].write(`${prefixes.of(name)}${line}\n`),
    gaveUp: (code) => {
      if (isUp) say('It is started again at the next change; everything else runs on.');
      else end(code);
    },
  });
  const apply = (list: readonly DevProcess[]): Promise<void> => {
    for (const { name } of list) prefixes.add(name);
    return set.apply(list);
  };

  const release = listenForStop(options, { end, kill: () => set.kill(), stopped: stopped.signal });
  try {
    await Promise.race([apply(first), aborted(stopped.signal)]);
    await Promise.all([
      printBannerWhenReady({ ...options, timing, print: say, signal: stopped.signal }).then(() => {
        isUp = true;
      }),
      followProcesses({
        first,
        read: options.processes,
        pollMs: timing.listPollMs,
        changed: apply,
        failed: say,
        signal: stopped.signal,
      }),
    ]);
  } finally {
    await set.stop();
    release();
  }
  return exitCode;
}

interface StopListeners {
  readonly end: (code: number) => void;
  readonly kill: () => void;
  readonly stopped: AbortSignal;
}

/** Listens for all that ends the run. @returns a function that stops listening */
function listenForStop({ signal, stdout }: DevOptions, { end, kill, stopped }: StopListeners): () => void {
  // Who presses Ctrl-C a second time does not want to wait.
  const onSignal = (): void => (stopped.aborted ? kill() : end(0));
  for (const name of stopSignals) process.on(name, onSignal);
  // If the supervisor itself fails, nothing it started outlives it.
  process.on('exit', kill);
  // The reader of a pipe (`npm start | head`) has gone.
  stdout.on('error', onSignal);
  signal?.addEventListener('abort', onSignal, { once: true });
  if (signal?.aborted) end(0);
  return () => {
    for (const name of stopSignals) process.off(name, onSignal);
    process.off('exit', kill);
    stdout.off('error', onSignal);
    signal?.removeEventListener('abort', onSignal);
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
