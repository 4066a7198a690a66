import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { inspect } from 'node:util';
import type { DevProcess } from '../dev/devProcess.ts';
import { parentGone } from '../dev/parentGone.ts';
import { runDev } from '../dev/runDev.ts';
import { subgraphProcesses } from '../dev/subgraphProcesses.ts';
import { GatewayError } from '../errors.ts';
import type { Settings } from '../settingsSchema.ts';
import { bundledCompositionVersion } from '../supergraph/compositionCache.ts';
import { readSupergraphConfig, type SupergraphConfig } from '../supergraph/config/readSupergraphConfig.ts';
import { settingsUntilRestart } from './followSettings.ts';
import { readTextArgument } from './readTextArgument.ts';

export interface DevCommandOptions {
  /** Called again and again: settings may change while all runs. */
  readonly readSettings: () => Settings;
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
 * @throws GatewayError SETTINGS_INVALID, SUPERGRAPH_CONFIG_INVALID
 */
export async function devCommand(options: DevCommandOptions): Promise<number> {
  const { listen, explorer } = options.readSettings();
  if (listen.port === 0) {
    throw new GatewayError('SETTINGS_INVALID', {
      message:
        'The port cannot be 0 here: `tributary dev` must know where the gateway listens. Choose one with --port or PORT.',
    });
  }
  if (listen.tls !== undefined) {
    throw new GatewayError('SETTINGS_INVALID', {
      message: 'listen.tls: `tributary dev` serves without TLS; leave it out here, or use `tributary serve`.',
    });
  }
  const host = ['0.0.0.0', '::'].includes(listen.host) ? '127.0.0.1' : listen.host;
  const gatewayUrl = `http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`;
  return runDev({
    processes: processList(options),
    gatewayUrl,
    graphqlPath: listen.path,
    sampleQuery: explorer.document ?? ANY_QUERY,
    pages: [
      ...(explorer.sandbox ? [{ name: 'Apollo Sandbox', url: `${gatewayUrl}/` }] : []),
      ...(explorer.graphiql ? [{ name: 'GraphiQL (offline)', url: `${gatewayUrl}/graphiql` }] : []),
    ],
    stdout: process.stdout,
    stderr: process.stderr,
    ...(options.env.npm_lifecycle_event === undefined ? {} : { signal: parentGone() }),
  });
}

interface ProcessOptions extends DevCommandOptions {
  /** The secret by which subgraphs believe what the gateway tells of who asks. */
  readonly principal: { readonly PRINCIPAL_SECRET: string };
}

/** Reads what is to run. Errors of the first read are whole; those of later ones also say that nothing changes. */
export function processList(options: DevCommandOptions): () => Promise<readonly DevProcess[]> {
  let hasRead = false;
  // shared by what this run starts, and by nothing else; a restart of the gateway keeps it
  const ownSecret = randomBytes(32).toString('base64url');
  return async () => {
    const settings = readOr(options.readSettings, (error) =>
      // the gateway follows the same file
      hasRead
        ? runsOn(
            error,
            'The settings cannot be used as they are (the gateway says why); all runs on with those before.',
          )
        : error,
    );
    const configPath = path.resolve(options.cwd, settings.supergraph.config);
    const principal = { PRINCIPAL_SECRET: settings.principal_header.secret ?? ownSecret };
    const subgraphs = await subgraphsOf(settings, configPath, { ...options, principal }).catch(
      (error: unknown) => {
        if (!hasRead || !(error instanceof GatewayError)) throw error;
        // the gateway follows the same file
        const file = path.relative(options.cwd, configPath);
        throw runsOn(error, `${file} cannot be used as it is (the gateway says why); the subgraphs run on.`);
      },
    );
    hasRead = true;
    return [...subgraphs, gatewayProcess(settings, { ...options, principal })];
  };
}

function readOr(readSettings: () => Settings, explain: (error: GatewayError) => Error): Settings {
  try {
    return readSettings();
  } catch (error) {
    throw error instanceof GatewayError ? explain(error) : error;
  }
}

function runsOn(cause: GatewayError, message: string): GatewayError {
  return new GatewayError(cause.code, { message, cause });
}

async function subgraphsOf(
  { supergraph, dev, log }: Settings,
  configPath: string,
  options: ProcessOptions,
): Promise<DevProcess[]> {
  if (supergraph.file !== undefined) return [];
  const root = path.dirname(configPath);
  return subgraphProcesses(await readConfig(configPath, options), {
    root,
    commands: dev.subgraphs,
    sharedWatch: ['subgraphs/host'].filter((folder) => existsSync(path.join(root, folder))),
    // said of the gateway, meant for the whole column of lines
    env: { LOG_FORMAT: log.format, ...options.principal },
  });
}

async function readConfig(configPath: string, { cwd, env }: DevCommandOptions): Promise<SupergraphConfig> {
  const text = await readTextArgument(configPath, { cwd, code: 'SUPERGRAPH_CONFIG_INVALID' });
  return readSupergraphConfig(text, { path: configPath, env, bundledVersion: bundledCompositionVersion })
    .config;
}

function gatewayProcess(
  settings: Settings,
  { settingsFile, cwd, main, principal }: ProcessOptions,
): DevProcess {
  const { listen, supergraph, dev, path: file, ...others } = settings;
  const { dev: ownCommands, ...untilRestart } = settingsUntilRestart(settings);
  return {
    role: 'gateway',
    name: 'gateway',
    command: process.execPath,
    args: [
      ...process.execArgv,
      main,
      'serve',
      ...(supergraph.file === undefined
        ? ['--config', supergraph.config]
        : ['--supergraph', supergraph.file]),
      ...(settingsFile === undefined ? [] : ['--settings', settingsFile]),
      ...['--host', listen.host, '--port', String(listen.port)],
    ],
    cwd,
    env: principal,
    port: listen.port,
    host: listen.host,
    // run from its sources, the gateway restarts when they change; compiled, only for its settings
    watch: main.endsWith('.ts') ? [path.dirname(main)] : [],
    takesUp: {
      files: settings.permissions === undefined ? [] : [path.resolve(cwd, settings.permissions)],
      revision: textOf(others),
    },
    ipc: true,
    // the file is not watched: a broken one must not end the gateway, nor a changed comment restart it
    revision: textOf(untilRestart),
  };
}

function textOf(value: unknown): string {
  return inspect(value, { depth: 20, maxArrayLength: null, maxStringLength: null });
}
