import { existsSync } from 'node:fs';
import path from 'node:path';
import { type DevProcess, runDev } from '../dev/runDev.ts';
import { subgraphProcesses } from '../dev/subgraphProcesses.ts';
import type { Settings } from '../settings.ts';
import { bundledCompositionVersion } from '../supergraph/compositionCache.ts';
import { readSupergraphConfig, type SupergraphConfig } from '../supergraph/config/readSupergraphConfig.ts';
import { readTextArgument } from './readTextArgument.ts';

export interface DevCommandOptions {
  readonly settings: Settings;
  /** `--settings`, as given; the gateway's process is given it too. */
  readonly settingsFile: string | undefined;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program of the command itself, which the gateway's process runs with `serve`. */
  readonly main: string;
}

/** Asked for where the settings name no query: it proves no more than that the gateway has a supergraph. */
const ANY_QUERY = '{ __typename }';

/**
 * `tributary dev`: the subgraphs of `supergraph.yaml` that this folder holds, and the gateway, until a signal.
 * @returns the exit code
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID
 */
export async function devCommand(options: DevCommandOptions): Promise<number> {
  const { settings, cwd } = options;
  const { listen, explorer, supergraph } = settings;
  const configPath = path.resolve(cwd, supergraph.config);
  const root = path.dirname(configPath);
  const subgraphs =
    supergraph.file === undefined
      ? subgraphProcesses(await readConfig(configPath, options), {
          root,
          commands: settings.dev.subgraphs,
          sharedWatch: ['subgraphs/host'].filter((folder) => existsSync(path.join(root, folder))),
        })
      : [];
  const host = ['0.0.0.0', '::'].includes(listen.host) ? '127.0.0.1' : listen.host;
  const gatewayUrl = `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`;
  return runDev({
    processes: [...subgraphs, gatewayProcess(options)],
    gatewayUrl,
    graphqlPath: listen.path,
    sampleQuery: explorer.document ?? ANY_QUERY,
    pages: [
      ...(explorer.sandbox ? [{ name: 'Apollo Sandbox', url: `${gatewayUrl}/` }] : []),
      ...(explorer.graphiql ? [{ name: 'GraphiQL (offline)', url: `${gatewayUrl}/graphiql` }] : []),
    ],
    stdout: process.stdout,
    stderr: process.stderr,
  });
}

async function readConfig(configPath: string, { cwd, env }: DevCommandOptions): Promise<SupergraphConfig> {
  const text = await readTextArgument(configPath, { cwd, code: 'SUPERGRAPH_CONFIG_INVALID' });
  return readSupergraphConfig(text, { path: configPath, env, bundledVersion: bundledCompositionVersion }).config;
}

function gatewayProcess({ settings, settingsFile, cwd, main }: DevCommandOptions): DevProcess {
  const { listen, supergraph, path: settingsPath } = settings;
  return {
    name: 'gateway',
    command: process.execPath,
    args: [
      ...process.execArgv,
      main,
      'serve',
      ...(supergraph.file === undefined ? ['--config', supergraph.config] : ['--supergraph', supergraph.file]),
      ...(settingsFile === undefined ? [] : ['--settings', settingsFile]),
      ...['--host', listen.host, '--port', String(listen.port)],
    ],
    cwd,
    env: {},
    port: listen.port,
    host: listen.host,
    // run from its sources, the gateway restarts when they change; compiled, only for its settings
    watch: [...(main.endsWith('.ts') ? [path.dirname(main)] : []), ...(settingsPath === undefined ? [] : [settingsPath])],
    ipc: true,
  };
}
