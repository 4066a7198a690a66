import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { GatewayError } from '../errors.ts';
import type { Settings } from '../settingsSchema.ts';
import { compose } from '../supergraph/compose.ts';
import { type CompositionInput, formatProblem } from '../supergraph/composition.ts';
import { bundledCompositionVersion } from '../supergraph/compositionCache.ts';
import { readSupergraphConfig, type SubgraphConfig } from '../supergraph/config/readSupergraphConfig.ts';
import { compositionFailed } from '../supergraph/configuredSupergraph.ts';
import { Discoveries, type FollowInstances } from '../supergraph/discoveries.ts';
import { sdlSourceFor } from '../supergraph/sdlSources.ts';
import { readTextArgument } from './readTextArgument.ts';

export interface ComposeCommandOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `-` reads standard input. */
  readonly config: string;
  readonly output: string | undefined;
  readonly hints: boolean;
}

/**
 * `tributary compose`: supergraph SDL to standard output or a file.
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID, SUBGRAPH_SCHEMA_UNAVAILABLE, COMPOSITION_FAILED
 */
export async function composeCommand(options: ComposeCommandOptions): Promise<void> {
  const supergraphSdl = await composeOnce(options);
  if (options.output === undefined) {
    process.stdout.write(supergraphSdl.endsWith('\n') ? supergraphSdl : `${supergraphSdl}\n`);
    return;
  }
  const file = path.resolve(options.cwd, options.output);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, supergraphSdl);
}

/** Reads the configuration and every schema once, and composes. All schemas that cannot be read are named together. */
export async function composeOnce(options: Omit<ComposeCommandOptions, 'output'>): Promise<string> {
  const { settings, cwd, env } = options;
  const configPath = options.config === '-' ? path.join(cwd, 'stdin') : path.resolve(cwd, options.config);
  const text = await readTextArgument(options.config, { cwd, code: 'SUPERGRAPH_CONFIG_INVALID' });
  const { config } = readSupergraphConfig(text, {
    path: configPath,
    env,
    bundledVersion: bundledCompositionVersion,
  });
  if (config.federationVersion.notice !== undefined)
    process.stderr.write(`${config.federationVersion.notice}\n`);

  const discoveries = new Discoveries({
    settings: settings.discovery,
    log: pino({ level: 'silent' }),
    cacheFolder: undefined,
  });
  const reads = await Promise.allSettled(
    config.subgraphs.map((subgraph) => readInput(subgraph, settings, discoveries.follow)),
  );
  await discoveries.stop();
  const failures = reads.flatMap((read) => (read.status === 'rejected' ? [read.reason as Error] : []));
  if (failures.length > 0) {
    throw new GatewayError('SUBGRAPH_SCHEMA_UNAVAILABLE', {
      message: failures.map(({ message }) => message).join('\n'),
    });
  }
  const inputs = reads.flatMap((read) => (read.status === 'fulfilled' ? [read.value] : []));
  const result = await compose(inputs, { timeoutMs: settings.composition.timeout_ms });
  if (result.kind === 'failed') throw compositionFailed(result.errors);
  if (options.hints) {
    for (const hint of result.hints) process.stderr.write(`${formatProblem(hint)}\n`);
  }
  return result.supergraphSdl;
}

async function readInput(
  subgraph: SubgraphConfig,
  settings: Settings,
  follow: FollowInstances,
): Promise<CompositionInput> {
  const source = sdlSourceFor(subgraph.schema, {
    subgraph: subgraph.name,
    timeoutMs: settings.supergraph.poll_timeout_ms,
    maxBytes: settings.supergraph.max_schema_bytes,
    follow,
  });
  return {
    name: subgraph.name,
    url: subgraph.routingUrl,
    sdl: await source.read(new AbortController().signal),
  };
}
