import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { SubgraphConfig, SupergraphConfig } from '../supergraph/config/readSupergraphConfig.ts';
import type { DevProcess } from './devProcess.ts';

/** How a subgraph is started that does not follow the convention. */
export interface SubgraphCommand {
  /** For the shell; it finds its port in `PORT`. */
  readonly command: string;
  /** Relative to the root, which is the default. */
  readonly cwd?: string | undefined;
  /** Relative to `cwd`; none by default, since many such commands watch by themselves. */
  readonly watch?: readonly string[] | undefined;
}

export interface SubgraphProcessesOptions {
  /** The folder of supergraph.yaml. */
  readonly root: string;
  /** By subgraph name. */
  readonly commands?: Readonly<Record<string, SubgraphCommand>> | undefined;
  /** Files and folders that all subgraphs of the convention share: a change restarts each of them. */
  readonly sharedWatch?: readonly string[] | undefined;
  /** Added to the environment of each. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

const localHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);

/**
 * The subgraphs that run on this machine and are started with the gateway.
 *
 * A subgraph has a command of its own, or its routing URL is on this machine (http) and its program is at
 * `subgraphs/<name>/subgraph.ts`, `subgraphs/<name>/subgraph.js` or `dist/subgraphs/<name>/subgraph.js`. All others are
 * taken to run elsewhere. Each gets the port of its routing URL in `PORT`.
 */
export function subgraphProcesses(config: SupergraphConfig, options: SubgraphProcessesOptions): DevProcess[] {
  const { commands = {} } = options;
  return config.subgraphs.flatMap((subgraph) => {
    const command = Object.hasOwn(commands, subgraph.name) ? commands[subgraph.name] : undefined;
    const process = command ? fromCommand(subgraph, command, options) : fromConvention(subgraph, options);
    return process === undefined ? [] : [process];
  });
}

/** Where the subgraph listens, or `undefined` if that is not this machine. */
function localAddress({ routingUrl }: SubgraphConfig): { host: string; port: number } | undefined {
  const { protocol, hostname, port } = new URL(routingUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol !== 'http:' || !localHosts.has(host)) return undefined;
  return { host, port: port === '' ? 80 : Number(port) };
}

function fromCommand(
  subgraph: SubgraphConfig,
  { command, cwd = '.', watch = [] }: SubgraphCommand,
  { root, env }: SubgraphProcessesOptions,
): DevProcess {
  const address = localAddress(subgraph) ?? { host: '127.0.0.1', port: 0 };
  const folder = resolve(root, cwd);
  const shell = process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c'] : ['/bin/sh', '-c'];
  return {
    role: 'subgraph',
    name: subgraph.name,
    command: shell[0] ?? '',
    args: [...shell.slice(1), command],
    cwd: folder,
    env: { ...env, ...(address.port === 0 ? {} : { PORT: String(address.port) }) },
    ...address,
    watch: watch.map((path) => resolve(folder, path)),
    ipc: false,
  };
}

function fromConvention(
  subgraph: SubgraphConfig,
  { root, sharedWatch = [], env }: SubgraphProcessesOptions,
): DevProcess | undefined {
  const { name } = subgraph;
  const address = localAddress(subgraph);
  // A name is free text in supergraph.yaml, and becomes a path here: `..` must not leave the folder.
  if (address === undefined || !/^\w[\w.-]*$/.test(name)) return undefined;
  const folder = resolve(root);
  const script = [
    join(folder, 'subgraphs', name, 'subgraph.ts'),
    join(folder, 'subgraphs', name, 'subgraph.js'),
    join(folder, 'dist', 'subgraphs', name, 'subgraph.js'),
  ].find((path) => existsSync(path));
  if (script === undefined) return undefined;
  return {
    role: 'subgraph',
    name,
    command: process.execPath,
    args: script.endsWith('.ts') ? ['--import', 'tsx', script] : [script],
    cwd: folder,
    env: { ...env, PORT: String(address.port) },
    ...address,
    watch: [dirname(script), ...sharedWatch.map((path) => resolve(folder, path))],
    ipc: true,
  };
}
