import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type PeerName, peerCommand } from './peers.ts';
import { firstMessage, type RunningProgram, startProgram } from './processes.ts';

/** `direct` is no gateway: the subgraph itself, asked the same. `unguarded` is ours without rules, `unshaped` ours without policies. */
export type GatewayName = 'tributary' | 'unguarded' | 'unshaped' | 'apollo' | 'direct' | PeerName;

/** What every contestant is given. */
export interface GatewayStart {
  /** File of the composed supergraph. */
  readonly supergraph: string;
  /** A folder for files of its own. */
  readonly folder: string;
  /** The command of our gateway: `dist/gateway/main.js`, or its source, which is run by `tsx`. */
  readonly main: string;
  readonly core: number | undefined;
  readonly subgraphsPort: number;
  readonly sharesInbound: boolean;
  /** Whether ours has a rule on every field. */
  readonly isGuarded: boolean;
  /** Whether ours has every policy of its traffic on. */
  readonly isShaped: boolean;
  readonly engine: string | undefined;
  /** Where a profile is to be written, when one is wanted. */
  readonly profileFolder: string | undefined;
  /** Further arguments of Node.js. */
  readonly nodeArguments?: readonly string[];
  /** Further settings of ours, as YAML. */
  readonly settings?: string;
}

/** A gateway that answers. */
export interface RunningGateway {
  readonly name: GatewayName;
  /** `http://127.0.0.1:4000` */
  readonly origin: string;
  readonly path: string;
  readonly program: RunningProgram;
}

const here = import.meta.dirname;

/** Settings that make ours do what the bare one does: send the client's authorization on. */
const settings = `headers:
  all:
    request:
      - propagate:
          named: authorization
`;

/** Starts a contestant on a free port; resolves when it listens. The caller stops it. */
export async function startGateway(
  name: Exclude<GatewayName, 'direct'>,
  options: GatewayStart,
): Promise<RunningGateway> {
  const port = await freePort();
  if (name === 'hive' || name === 'grafbase') return startPeer(name, { ...options, port });
  const program = startProgram({
    core: options.core,
    args: [
      ...profiling(options.profileFolder, name),
      ...(options.nodeArguments ?? []),
      ...programOf(name, options, port),
    ],
    env: {
      PORT: String(port),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      TRIBUTARY_CACHE_DIR: path.join(options.folder, 'cache'),
    },
  });
  await firstMessage(program);
  return {
    name,
    origin: `http://127.0.0.1:${port}`,
    path: name === 'apollo' ? '/' : '/graphql',
    program,
  };
}

/** The others tell nobody when they listen: they are asked until they answer. */
async function startPeer(
  name: PeerName,
  options: GatewayStart & { readonly port: number },
): Promise<RunningGateway> {
  const { command, cwd } = peerCommand(name, options);
  const program = startProgram({ args: command, isCommand: true, cwd, core: options.core });
  const origin = `http://127.0.0.1:${options.port}`;
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const answer = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    }).catch(() => undefined);
    if (answer?.ok) return { name, origin, path: '/graphql', program };
    await pause(200);
  }
  await program.stop();
  throw new Error(`${name} did not answer within 30 s: ${program.output()}`);
}

function programOf(
  name: 'tributary' | 'unguarded' | 'unshaped' | 'apollo',
  options: GatewayStart,
  port: number,
): string[] {
  switch (name) {
    case 'tributary':
    case 'unguarded':
    case 'unshaped': {
      const settingsFile = path.join(options.folder, 'gateway.yaml');
      writeFileSync(settingsFile, settingsFor(name, options) + permissionsFor(name, options));
      const flags = ['--supergraph', options.supergraph, '--settings', settingsFile];
      return [...loaderFor(options.main), options.main, 'serve', ...flags];
    }
    case 'apollo':
      return [path.join(here, 'apolloGateway.mjs'), options.supergraph, String(port)];
    default:
      throw new Error(`There is no gateway "${name satisfies never}".`);
  }
}

function settingsFor(name: GatewayName, { engine, sharesInbound, isShaped }: GatewayStart): string {
  const inbound = sharesInbound ? '  inbound: { deduplicate_query: true }\n' : '';
  const all = isShaped ? (name === 'tributary' ? allPolicies : noPolicy) : '';
  const traffic = inbound + all === '' ? '' : `traffic_shaping:\n${inbound}${all}`;
  return settings + traffic + (engine === undefined ? '' : `engine: ${engine}\n`);
}

/** With times that a subgraph which is well never needs. */
const allPolicies = `  all:
    deduplicate_query: true
    total_timeout_ms: 10000
    deadline_header: x-envoy-expected-rq-timeout-ms
    retry: { enabled: true }
    hedging: { enabled: true, min_ms: 4000 }
    circuit_breaker: { enabled: true }
    concurrency: { max: 1000 }
`;
const noPolicy = `  all:
    deduplicate_query: false
`;

/** A rule on every field of the operations, each of which asks the request: nothing of it is known beforehand. */
const permissions = `import { rule } from 'graphql-shield';
const guards = (...fields) => Object.fromEntries(fields.map((field) => [field,
  rule({ cache: 'contextual' })((_parent, _args, { headers }) => headers.authorization !== undefined)]));
export const permissions = {
  Query: guards('users', 'topProducts'),
  User: guards('id', 'username', 'name', 'reviews'),
  Review: guards('id', 'body', 'product', 'author'),
  Product: guards('inStock', 'name', 'price', 'shippingEstimate', 'upc', 'weight', 'reviews'),
};
`;

function permissionsFor(name: GatewayName, { isGuarded, folder }: GatewayStart): string {
  if (!isGuarded || name !== 'tributary') return '';
  const file = path.join(folder, 'permissions.mjs');
  writeFileSync(file, permissions);
  return `permissions: ${file}\n`;
}

/** Arguments of Node.js that a program in TypeScript needs. */
export function loaderFor(file: string): string[] {
  return file.endsWith('.ts') ? ['--import', 'tsx'] : [];
}

/** Each in a folder of its own, under the names that Node.js gives: it writes one profile for every thread. */
function profiling(folder: string | undefined, name: GatewayName): string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${path.join(folder, name)}`];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
