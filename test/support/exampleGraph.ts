import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from './freePorts.ts';

const root = path.resolve(import.meta.dirname, '../..');
const names = ['accounts', 'products', 'inventory', 'reviews', 'ai'] as const;
export type ExampleSubgraph = (typeof names)[number];

/** The repository's own graph, run by `tributary dev` as `npm start` does, on free ports and with new databases. */
export interface ExampleGraph {
  readonly gatewayUrl: string;
  readonly ports: readonly number[];
  readonly process: ChildProcess;
  /** What the command has printed so far. */
  output(): string;
  /** Asks the gateway. */
  ask(query: string, options?: AskOptions): Promise<GraphQLAnswer>;
  /** Asks one subgraph, past the gateway: what it says is what the gateway must say of its fields. */
  askSubgraph(subgraph: ExampleSubgraph, query: string, options?: AskOptions): Promise<GraphQLAnswer>;
  /** Sends a signal and waits for the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface ExampleGraphOptions {
  /** Of all its processes, beside what they have anyway. */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface AskOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface GraphQLAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: answers have the shape of their query
  readonly data?: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: unknown;
    readonly extensions?: unknown;
  }[];
}

/** @returns when the banner says that a federated query has succeeded */
export async function startExampleGraph(options: ExampleGraphOptions = {}): Promise<ExampleGraph> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tributary-example-'));
  const ports = await freePorts(names.length + 1);
  const gatewayPort = ports.at(-1) ?? 0;
  const urlOf = (subgraph: ExampleSubgraph): string =>
    `http://127.0.0.1:${ports[names.indexOf(subgraph)]}/graphql`;
  const child = spawn(process.execPath, ['--import', 'tsx', 'gateway/main.ts', 'dev'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_ENV: 'development',
      PORT: String(gatewayPort),
      ACCOUNTS_URL: urlOf('accounts'),
      PRODUCTS_URL: urlOf('products'),
      INVENTORY_URL: urlOf('inventory'),
      REVIEWS_URL: urlOf('reviews'),
      AI_URL: urlOf('ai'),
      ...options.environment,
      ACCOUNTS_JWKS_URL: `http://127.0.0.1:${ports[0]}/.well-known/jwks.json`,
      DATA_DIR: path.join(folder, 'databases'),
      TRIBUTARY_CACHE_DIR: path.join(folder, 'cache'),
    },
  });
  let output = '';
  const ended = once(child, 'exit');
  const isUp = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('Ctrl-C ends everything')) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    void ended.then(([code]) => reject(new Error(`tributary dev ended with ${code}:\n${output}`)));
  });
  await isUp;

  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  return {
    gatewayUrl,
    ports,
    process: child,
    output: () => output,
    ask: (query, options) => post(`${gatewayUrl}/graphql`, query, options),
    askSubgraph: (subgraph, query, options) => post(urlOf(subgraph), query, options),
    async end(signal = 'SIGINT') {
      child.kill(signal);
      const [code] = await ended;
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function post(
  url: string,
  query: string,
  { variables, headers }: AskOptions = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as GraphQLAnswer;
}
