import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ComposeFile, ComposeService } from './composeFile.ts';

/** What stands in for the engine: processes of this machine instead of containers. */
export interface ServicesOptions {
  readonly file: ComposeFile;
  /** The folder that is `/app` in the image. */
  readonly app: string;
  /** The environment that the image gives. */
  readonly imageEnvironment: Readonly<Record<string, string>>;
  /** Of PostgreSQL, which is not started here; without it subgraphs get no DATABASE_URL and use SQLite. */
  readonly postgresPort: number | undefined;
}

/** What a command ended with. */
export interface CommandResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs the commands of services with exactly the environment that their containers would have, except that names of
 * services become loopback addresses and their ports free ones.
 */
export class RunningServices {
  readonly #options: ServicesOptions;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #children = new Map<string, ChildProcess>();
  readonly #outputs = new Map<string, string>();

  private constructor(options: ServicesOptions, ports: ReadonlyMap<string, number>) {
    this.#options = options;
    this.#ports = ports;
    // a test run that is interrupted leaves no process behind
    process.once('exit', () => this.killAll());
  }

  /** Chooses a port for every service; starts nothing yet. */
  static async prepare(options: ServicesOptions): Promise<RunningServices> {
    const ports = new Map<string, number>();
    for (const name of Object.keys(options.file.services)) ports.set(name, await freePort());
    if (options.postgresPort !== undefined) ports.set('postgres', options.postgresPort);
    return new RunningServices(options, ports);
  }

  portOf(name: string): number {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`${name} is no service.`);
    return port;
  }

  outputOf(name: string): string {
    return this.#outputs.get(name) ?? '';
  }

  /** Starts a service and waits until its health check succeeds, as `condition: service_healthy` does. */
  async start(name: string): Promise<void> {
    const [program, ...args] = this.#service(name).command ?? [];
    const child = spawn(programOf(program), args, {
      cwd: this.#options.app,
      env: this.#environmentOf(name),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.set(name, child);
    const keep = (chunk: Buffer): void => {
      this.#outputs.set(name, `${this.outputOf(name)}${chunk.toString()}`);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const deadline = Date.now() + 40_000;
    let result = await this.checkHealth(name);
    while (result.exitCode !== 0) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`${name} is not healthy: ${result.output}\n${this.outputOf(name)}`);
      await pause(100);
      result = await this.checkHealth(name);
    }
  }

  /** Runs the command of a service's health check, with the programs of `folder` where it is not of Node.js. */
  async checkHealth(name: string, folder = ''): Promise<CommandResult> {
    const [, program = '', ...args] = this.#service(name).healthcheck.test;
    try {
      const { stdout, stderr } = await promisify(execFile)(programOf(program, folder), args, {
        cwd: this.#options.app,
        env: this.#environmentOf(name),
      });
      return { exitCode: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { exitCode: code, output: `${stdout}${stderr}` };
    }
  }

  /** Ends a service as `docker stop` does, and tells its exit code; `null` when it had to be killed. */
  async stop(name: string): Promise<number | null> {
    const child = this.#children.get(name);
    if (child === undefined) throw new Error(`${name} was not started.`);
    if (child.exitCode !== null) return child.exitCode;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const seconds = Number.parseInt(this.#service(name).stop_grace_period, 10);
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    const [exitCode] = await ended;
    clearTimeout(timer);
    return exitCode as number | null;
  }

  /** Ends what is left, at once. */
  killAll(): void {
    for (const child of this.#children.values()) child.kill('SIGKILL');
  }

  #service(name: string): ComposeService {
    const service = this.#options.file.services[name];
    if (service === undefined) throw new Error(`${name} is no service.`);
    return service;
  }

  #environmentOf(name: string): Record<string, string> {
    const service = this.#service(name);
    const own = Object.entries(service.environment).flatMap(([key, value]): [string, string][] => {
      if (key === 'PORT') return [[key, String(this.portOf(name))]];
      if (!URL.canParse(value)) return [[key, value]];
      const url = this.#onLoopback(value);
      return url === undefined ? [] : [[key, url]];
    });
    if (service.build === undefined) return { ...Object.fromEntries(own), PGPORT: String(this.portOf(name)) };
    return { ...this.#options.imageEnvironment, HOST: '127.0.0.1', ...Object.fromEntries(own) };
  }

  /** `http://accounts:4001/graphql` → `http://127.0.0.1:54321/graphql`, if accounts listens on 4001. */
  #onLoopback(text: string): string | undefined {
    const url = new URL(text);
    const name = url.hostname;
    const listens = name === 'postgres' ? '5432' : this.#service(name).environment.PORT;
    if (url.port !== listens) throw new Error(`${text}: ${name} listens on ${listens}.`);
    if (name === 'postgres' && this.#options.postgresPort === undefined) return undefined;
    url.hostname = '127.0.0.1';
    url.port = String(this.portOf(name));
    return url.href;
  }
}

function programOf(program: string | undefined, folder = ''): string {
  if (program === 'node') return process.execPath;
  return `${folder}${folder === '' ? '' : '/'}${program}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address === 'object' && address) return address.port;
  throw new Error('No port is free.');
}
