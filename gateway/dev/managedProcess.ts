import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { DevProcess, DevTiming } from './devProcess.ts';
import { LineSplitter } from './prefixedLines.ts';

/** Exit codes of a process that starting again does not help: invalid settings, invalid supergraph, port taken. */
const finalExitCodes: ReadonlySet<number> = new Set([3, 4, 5]);
const maxCrashesAtOnce = 3;
const maxFlushMs = 1_000;

export interface ManagedProcessOptions {
  readonly timing: DevTiming;
  /** A line of the process. */
  readonly print: (line: string, stream: 'stdout' | 'stderr') => void;
  /** It will not start again by itself; `code` is the exit code of the whole, should that end. */
  readonly gaveUp: (code: number) => void;
}

/**
 * Keeps one process running: starts it, restarts it when asked, starts it again with growing waits when it crashes, and
 * gives up when its exit code says that this is no use, or when it crashed three times at once without ever being ready.
 *
 * Each process leads a process group of its own. So a Ctrl-C of the terminal reaches the supervisor alone, which ends
 * the others in order; and what a shell command started is ended with it.
 */
export class ManagedProcess {
  /** How it is started, the next time. */
  definition: DevProcess;
  readonly #options: ManagedProcessOptions;
  /** Resolves when a child has ended and all its output was read. */
  readonly #closed = new WeakMap<ChildProcess, Promise<void>>();
  #child: ChildProcess | undefined;
  #ending: Promise<void> | undefined;
  #backoff: NodeJS.Timeout | undefined;
  #crashes = 0;
  #wasReady = false;
  #isStopped = false;
  #hasGivenUp = false;
  #settle: () => void = () => {};

  /** Resolves when it first listens, or ends without. Only an IPC channel can tell: without one it never resolves. */
  readonly settled: Promise<void> = new Promise((resolve) => {
    this.#settle = resolve;
  });

  constructor(definition: DevProcess, options: ManagedProcessOptions) {
    this.definition = definition;
    this.#options = options;
  }

  /** Whether it waits for `restart`, because starting it as it is was no use. */
  get hasGivenUp(): boolean {
    return this.#hasGivenUp;
  }

  /** Leaves it unstarted until `restart`. */
  refuse(): void {
    this.#hasGivenUp = true;
    this.#settle();
  }

  start(): void {
    const { command, args, cwd, env, ipc } = this.definition;
    const startedAt = Date.now();
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    });
    this.#child = child;
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = new LineSplitter((line) => this.#options.print(line, stream));
      child[stream]?.on('data', (chunk: Buffer) => lines.write(chunk)).on('end', () => lines.end());
    }
    child.on('message', (message) => {
      if (
        typeof message === 'object' &&
        message !== null &&
        'type' in message &&
        message.type === 'listening'
      ) {
        this.#wasReady = true;
        this.#settle();
      }
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#closed.set(child, closed);
    // Without a pid it never started, and no `exit` will follow.
    child.on('error', (error) => {
      if (child.pid === undefined) this.#crashed(child, `could not be started (${error.message})`, 0);
    });
    child.once('exit', (code, signal) => {
      void this.#exited(child, code ?? signal ?? 'unknown', Date.now() - startedAt);
    });
  }

  /** Ends the process if it runs, and starts it anew. */
  async restart(): Promise<void> {
    if (this.#isStopped) return;
    clearTimeout(this.#backoff);
    await this.#end();
    if (this.#isStopped) return;
    this.#crashes = 0;
    // what was ready before a change of its sources may never be after it
    this.#wasReady = false;
    this.#hasGivenUp = false;
    this.start();
  }

  /** Ends the process for good: SIGTERM, and SIGKILL to what is left after `graceMs`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#backoff);
    await this.#end();
  }

  /** Ends the process at once, without waiting. */
  kill(): void {
    if (this.#child !== undefined) signalGroup(this.#child, 'SIGKILL');
  }

  #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return Promise.resolve();
    this.#ending ??= endGroup(child, this.#options.timing.graceMs)
      .then(() => this.#untilFlushed(child))
      .finally(() => {
        this.#child = undefined;
        this.#ending = undefined;
      });
    return this.#ending;
  }

  /** Waits for the last output. Who has left the process group may hold the pipes open; it is not waited for. */
  async #untilFlushed(child: ChildProcess): Promise<void> {
    await Promise.race([this.#closed.get(child), delay(maxFlushMs, undefined, { ref: false })]);
  }

  async #exited(child: ChildProcess, how: number | string, livedMs: number): Promise<void> {
    if (this.#child !== child || this.#ending !== undefined) return;
    signalGroup(child, 'SIGKILL');
    // Its last lines, which say why it ended, come before what is said about it.
    await this.#untilFlushed(child);
    if (this.#child !== child || this.#ending !== undefined) return;
    if (typeof how === 'number' && finalExitCodes.has(how)) {
      this.#child = undefined;
      this.#giveUp(`ended with exit code ${how}; the lines above say why`, how);
    } else {
      this.#crashed(
        child,
        typeof how === 'number' ? `ended with exit code ${how}` : `was ended by ${how}`,
        livedMs,
      );
    }
  }

  #crashed(child: ChildProcess, what: string, livedMs: number): void {
    if (this.#child !== child || this.#isStopped) return;
    this.#child = undefined;
    this.#settle();
    const { aliveMs, backoffMs, maxBackoffMs } = this.#options.timing;
    if (livedMs >= aliveMs) {
      this.#wasReady = true;
      this.#crashes = 0;
    }
    this.#crashes++;
    if (this.#crashes >= maxCrashesAtOnce && !this.#wasReady) {
      this.#giveUp(`${what}, ${this.#crashes} times at once: giving up; the lines above say why`, 1);
      return;
    }
    const waitMs = Math.min(backoffMs * 2 ** (this.#crashes - 1), maxBackoffMs);
    this.#say(`${what}; starting it again in ${waitMs / 1000} s`);
    this.#backoff = setTimeout(() => this.start(), waitMs);
  }

  #giveUp(text: string, code: number): void {
    this.#say(text);
    this.refuse();
    this.#options.gaveUp(code);
  }

  #say(text: string): void {
    this.#options.print(`${this.definition.name} ${text}`, 'stderr');
  }
}

/** Sends a signal to the child and all it started. @returns whether there was anyone to get it */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === 'win32') return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}

async function endGroup(child: ChildProcess, graceMs: number): Promise<void> {
  const deadline = Date.now() + graceMs;
  const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  const exited = isRunning ? once(child, 'exit') : undefined;
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await exited;
  // A shell is gone at once; what it started may need its time. No event tells of the end of a grandchild.
  while (Date.now() < deadline && signalGroup(child, 0)) await delay(20);
  clearTimeout(timer);
  signalGroup(child, 'SIGKILL');
}
