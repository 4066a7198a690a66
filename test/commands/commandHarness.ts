import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Output } from '../dev/devHarness.ts';

/** Where the commands run: a folder of its own, so that no file of the repository is read by chance. */
export const folder = mkdtempSync(path.join(tmpdir(), 'tributary-commands-'));
export const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });

export function writeFile(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const tsx = pathToFileURL(createRequire(path.join(process.cwd(), 'package.json')).resolve('tsx')).href;
const main = path.join(process.cwd(), 'gateway', 'main.ts');

type Environment = Readonly<Record<string, string>>;

/** Starts the command as a process of its own, with nothing of this environment but PATH. */
export function startCommand(
  args: readonly string[],
  env: Environment,
  stdio: SpawnOptions['stdio'],
): ChildProcess {
  return spawn(process.execPath, ['--import', tsx, main, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, TRIBUTARY_CACHE_DIR: path.join(folder, 'cache'), ...env },
    stdio,
  });
}

/** A gateway that serves, as a process of its own. */
export interface Serving {
  readonly child: ChildProcess;
  /** JSON lines. */
  readonly log: Output;
  /** `http://127.0.0.1:4000` */
  readonly url: string;
  readonly port: number;
  /** Code and signal. */
  readonly ended: Promise<unknown[]>;
}

const serving: ChildProcess[] = [];

/** Runs `tributary serve`, and waits until the log tells the address. What is not ended by the test is by `killServing`. */
export async function startServing(args: readonly string[], env: Environment = {}): Promise<Serving> {
  const child = startCommand(['serve', ...args], { LOG_FORMAT: 'json', ...env }, [
    'ignore',
    'ignore',
    'pipe',
  ]);
  serving.push(child);
  const ended = once(child, 'exit');
  const log = new Output();
  child.stderr?.pipe(log);
  const [, url = ''] = await log.waitFor(/"msg":"GraphQL at (https?:\S+)\/graphql"/);
  return { child, log, url, port: Number(new URL(url).port), ended };
}

/** Ends at once what `startServing` has started. */
export function killServing(): void {
  for (const child of serving) child.kill('SIGKILL');
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Environment;
  /** What it reads from standard input. */
  readonly input?: string;
}

/** Runs a command to its end: `runCommand('config schema')`. No argument may hold a blank. */
export async function runCommand(line: string, { env = {}, input = '' }: RunOptions = {}): Promise<Ended> {
  const child = startCommand(line.split(' ').filter(Boolean), env, 'pipe');
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // it may have ended before it reads
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** Two subgraphs that share an entity, as supergraph.yaml with the SDL inside; nothing listens at their URLs. */
export const supergraphYaml = `
federation_version: 2
subgraphs:
  products:
    routing_url: http://127.0.0.1:9/products
    schema:
      sdl: |
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { top: [Product!]! }
        type Product @key(fields: "id") { id: ID! name: String! }
  reviews:
    routing_url: http://127.0.0.1:9/reviews
    schema:
      sdl: |
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Product @key(fields: "id") { id: ID! stars: Float }
`;

/** `type Query { a: Int b: Missing }`: the type is missing at column 23 of the only line. */
export const brokenSchemaYaml = `
subgraphs:
  a:
    routing_url: http://127.0.0.1:9/
    schema: { sdl: "type Query {a: Int b: Missing}" }
`;
