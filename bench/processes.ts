import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';

/** The processor cores of one run: the gateway has one of its own where there are two. */
export interface Cores {
  readonly gateway?: number;
  readonly subgraphs?: number;
  readonly load?: number;
}

const started = new Set<ChildProcess>();

/** Ends every process that was started here, at once; for the end of the benchmark, however it ends. */
export function endAll(): void {
  for (const child of started) child.kill('SIGKILL');
}

/**
 * Which core gets what. With two, subgraphs and load share the second: both are cheap beside the gateway. Nothing is
 * pinned with one core, or where there is no `taskset` (it is of util-linux).
 */
export function chooseCores(): Cores {
  const cores = allowedCores();
  const [first, second, third] = cores;
  if (first === undefined || second === undefined || spawnSync('taskset', ['--version']).status !== 0)
    return {};
  return { gateway: first, subgraphs: second, load: third ?? second };
}

/** Source: proc(5), `Cpus_allowed_list` of /proc/<pid>/status: `0-2,5`. */
function allowedCores(): number[] {
  let status = '';
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    return [];
  }
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

export interface StartOptions {
  /** Arguments of Node.js and of the program; or a whole command, of another program. */
  readonly args: readonly string[];
  readonly isCommand?: boolean;
  readonly cwd?: string;
  readonly core?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that runs until `stop`. */
export interface RunningProgram {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it has written, for the message when something fails. */
  output(): string;
  /** SIGTERM, and SIGKILL when that is not enough after ten seconds. */
  stop(): Promise<void>;
}

/**
 * Starts a Node.js program with an IPC channel. Programs end by themselves when the channel closes, so that nothing is
 * left even if the benchmark is killed.
 */
export function startProgram({ args, isCommand, cwd, core, env = {} }: StartOptions): RunningProgram {
  const command = isCommand === true ? args : [process.execPath, ...args];
  const [file = '', ...rest] = core === undefined ? command : ['taskset', '-c', String(core), ...command];
  const child = spawn(file, rest, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  started.add(child);
  let written = '';
  const keep = (chunk: Buffer): void => {
    written = (written + chunk.toString()).slice(-4000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      started.delete(child);
      resolve();
    };
    child.once('exit', end);
    child.once('error', (error) => {
      written += error.message;
      end();
    });
  });
  return {
    pid: child.pid ?? 0,
    child,
    output: () => written,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/**
 * Waits for the first message of a program.
 * @throws Error with the program's output when it ends before
 */
export async function firstMessage(program: RunningProgram): Promise<unknown> {
  const waiting = new AbortController();
  const message = once(program.child, 'message', { signal: waiting.signal });
  const end = once(program.child, 'exit', { signal: waiting.signal });
  message.catch(() => {});
  end.catch(() => {});
  const first = await Promise.race([message, end.then(() => undefined)]);
  waiting.abort();
  if (first === undefined) throw new Error(`A program ended before it said anything: ${program.output()}`);
  return first[0];
}

/** Processor time that a process and all below it have used, in ms. The kernel counts in steps of 10 ms. */
export function cpuMsOfTree(root: number): number {
  return treeOf(root).reduce((sum, { ticks }) => sum + ticks, 0) * MS_PER_TICK;
}

/** Most memory that the processes of a tree have held, in MB. Source: proc(5), `VmHWM`. */
export function peakMegabytesOfTree(root: number): number {
  return megabytesOf(root, /^VmHWM:\s*(\d+)/m);
}

/** Memory that the processes of a tree hold, in MB. Source: proc(5), `VmRSS`. */
export function megabytesOfTree(root: number): number {
  return megabytesOf(root, /^VmRSS:\s*(\d+)/m);
}

/** How many processes a tree has, its root among them. */
export function processesOfTree(root: number): number {
  return treeOf(root).length;
}

function megabytesOf(root: number, line: RegExp): number {
  const kilobytes = treeOf(root).map(({ pid }) => {
    const status = readOrEmpty(`/proc/${pid}/status`);
    return Number(line.exec(status)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, value) => sum + value, 0) / 1024;
}

/** USER_HZ, which is 100 on every Linux that Node.js runs on. */
const MS_PER_TICK = 10;

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

function treeOf(root: number): ProcessEntry[] {
  const entries = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readEntry(Number(name)) : []));
  const found = entries.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...entries.filter(({ parent }) => parent === pid));
  return found;
}

/** Source: proc(5), /proc/<pid>/stat; the name may hold spaces and brackets, so fields are counted after its end. */
function readEntry(pid: number): ProcessEntry[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  if (stat === '') return [];
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [{ pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }];
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
