import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { DevProcess, DevTiming } from '../../gateway/dev/devProcess.ts';
import { type DevOptions, runDev } from '../../gateway/dev/runDev.ts';

/** The times of the supervisor, a fiftieth of the real ones. */
export const shortTiming: DevTiming = {
  graceMs: 400,
  backoffMs: 20,
  maxBackoffMs: 80,
  aliveMs: 5_000,
  debounceMs: 30,
  patienceMs: 50,
  partialMs: 60_000,
  pollMs: 20,
  readyMs: 5_000,
  listPollMs: 20,
};

/** Collects what is written and lets a test wait for a text. */
export class Output extends Writable {
  text = '';
  readonly #waiting = new Set<() => void>();

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    for (const check of this.#waiting) check();
    done();
  }

  /** Waits for a match that begins at or after `from`. */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const find = (): RegExpExecArray | null => pattern.exec(this.text.slice(from));
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`${pattern} did not come; there is:\n${this.text}`));
      }, 25_000);
      const check = (): void => {
        const match = find();
        if (match === null) return;
        settle();
        resolve(match);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

export const folder = mkdtempSync(join(tmpdir(), 'tributary-dev-'));
export const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });

export function writeScript(name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(),
      );
    });
  });
}

export function nodeProcess(name: string, script: string, more: Partial<DevProcess> = {}): DevProcess {
  return {
    role: name === 'gateway' ? 'gateway' : 'subgraph',
    name,
    command: process.execPath,
    args: [script],
    cwd: folder,
    env: {},
    port: 0,
    host: '127.0.0.1',
    watch: [],
    ipc: true,
    ...more,
  };
}

/** A process that tells its pid and stays until it is ended or disconnected. */
export const stayingSource = `
console.log('pid ' + process.pid);
process.on('disconnect', () => process.exit());
process.send?.({ type: 'listening', port: 0 });
setInterval(() => {}, 1000);
`;

/**
 * A gateway of few lines: health and answer come from a file beside it, read for each request, so that a test decides
 * when it is ready.
 */
const gatewaySource = `
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
console.log('pid ' + process.pid);
process.on('disconnect', () => process.exit());
createServer((request, response) => {
  const { health, answer } = JSON.parse(readFileSync(process.env.STATE, 'utf8'));
  const isHealth = request.url === '/health/ready';
  response.writeHead(isHealth && health.status !== 'UP' ? 503 : 200, { 'content-type': 'application/json' });
  if (isHealth) return response.end(JSON.stringify(health));
  const isQuery = request.url === '/graphql' && request.method === 'POST' && request.headers['content-type'] === 'application/json';
  response.end(JSON.stringify(isQuery ? answer : {}));
}).listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.({ type: 'listening' }));
`;

export interface GatewayState {
  readonly health: unknown;
  readonly answer: unknown;
}

export const upState: GatewayState = { health: { status: 'UP' }, answer: { data: { me: null } } };

export interface FakeGateway {
  readonly process: DevProcess;
  readonly url: string;
  set(state: GatewayState): void;
}

export async function fakeGateway(state: GatewayState = upState): Promise<FakeGateway> {
  const port = await freePort();
  const file = join(folder, `state-${port}.json`);
  const set = (next: GatewayState): void => writeFileSync(file, JSON.stringify(next));
  set(state);
  const script = writeScript(`gateway-${port}.mjs`, gatewaySource);
  const env = { PORT: String(port), STATE: file };
  return { process: nodeProcess('gateway', script, { port, env }), url: `http://127.0.0.1:${port}`, set };
}

export interface Run {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly exitCode: Promise<number>;
  stop(): Promise<number>;
}

/** @param processes a list, or what reads it, again and again */
export function run(
  processes: readonly DevProcess[] | DevOptions['processes'],
  options: Partial<DevOptions> = {},
  timing: Partial<DevTiming> = {},
): Run {
  const [stdout, stderr] = [new Output(), new Output()];
  const stopping = new AbortController();
  const exitCode = runDev(
    {
      processes: typeof processes === 'function' ? processes : async () => processes,
      gatewayUrl: 'http://127.0.0.1:1',
      graphqlPath: '/graphql',
      sampleQuery: '{ me { name } }',
      pages: [{ name: 'Sandbox', url: 'http://127.0.0.1:4000/' }],
      stdout,
      stderr,
      signal: stopping.signal,
      ...options,
    },
    { ...shortTiming, ...timing },
  );
  const stop = (): Promise<number> => {
    stopping.abort();
    return exitCode;
  };
  return { stdout, stderr, exitCode, stop };
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits, at most five seconds, until the process is gone: no event tells of a process of another. */
export async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 250 && isAlive(pid); tries++) await delay(20);
  return !isAlive(pid);
}

export async function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
