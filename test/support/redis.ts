import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePorts } from './freePorts.ts';

/** A Redis server for tests, with nothing on disk. */
export interface TestRedis {
  /** `redis://127.0.0.1:40123` */
  readonly url: string;
  readonly port: number;
  /** Stops answering without closing anything, until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends it; `start` begins a new, empty one on the same port. */
  end(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Whether `redis-server` is installed. Where it is not it warns, and the caller skips; where `CI=true` it throws, since a test
 * that nobody runs proves nothing.
 */
export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    const reason = '`redis-server` is not on the PATH';
    if (process.env.CI === 'true') throw new Error(`The tests over Redis cannot run: ${reason}.`);
    console.warn(`The tests over Redis are skipped: ${reason}.`);
    return false;
  }
}

export async function startRedis(): Promise<TestRedis> {
  const [port = 0] = await freePorts(1);
  let server: ChildProcess | undefined;
  // a test run that is interrupted leaves no server behind
  const atExit = (): void => {
    server?.kill('SIGKILL');
  };
  process.once('exit', atExit);
  const start = async (): Promise<void> => {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'pipe'] });
    server = child;
    await readiness(child);
  };
  const end = async (): Promise<void> => {
    const child = server;
    server = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pause: () => {
      server?.kill('SIGSTOP');
    },
    resume: () => {
      server?.kill('SIGCONT');
    },
    start,
    end,
    stop: async () => {
      process.off('exit', atExit);
      await end();
    },
  };
}

function readiness(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      if (output.includes('Ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`Redis ended at its start:\n${output}`)));
  });
}
