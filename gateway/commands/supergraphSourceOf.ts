import path from 'node:path';
import type { Logger } from 'pino';
import type { Settings } from '../settingsSchema.ts';
import { ComposedSupergraph } from '../supergraph/composedSupergraph.ts';
import { ConfiguredSupergraph } from '../supergraph/configuredSupergraph.ts';
import { Discoveries, type FollowInstances } from '../supergraph/discoveries.ts';
import type { AcceptSupergraph, SupergraphSource } from '../supergraph/supergraphSource.ts';

export interface SourceOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly accept: AcceptSupergraph;
  readonly follow: FollowInstances;
}

/** The registries that the settings name; each process that asks for instances has its own. */
export function discoveriesOf({
  settings,
  cwd,
  log,
}: Pick<SourceOptions, 'settings' | 'cwd' | 'log'>): Discoveries {
  return new Discoveries({
    settings: settings.discovery,
    log,
    cacheFolder: path.resolve(cwd, settings.supergraph.cache_dir),
  });
}

/** Where the settings say that supergraphs come from. */
export function supergraphSourceOf({
  settings,
  cwd,
  env,
  log,
  accept,
  follow,
}: SourceOptions): SupergraphSource {
  const { supergraph, composition } = settings;
  const common = {
    accept,
    log,
    cacheFolder: path.resolve(cwd, supergraph.cache_dir),
    pollIntervalMs: supergraph.poll_interval_ms,
    pollTimeoutMs: supergraph.poll_timeout_ms,
    maxSchemaBytes: supergraph.max_schema_bytes,
    compositionTimeoutMs: composition.timeout_ms,
    showHints: composition.hints,
  };
  return supergraph.file === undefined
    ? new ConfiguredSupergraph({ ...common, configPath: path.resolve(cwd, supergraph.config), env, follow })
    : new ComposedSupergraph({ ...common, file: path.resolve(cwd, supergraph.file) });
}
