import { type ConfigProblem, supergraphConfigError } from './configProblem.ts';
import { type ExpandOptions, expandConfigText } from './expandConfig.ts';
import { type FederationVersion, findLinkProblem, readFederationVersion } from './federationVersion.ts';
import { field, readMap, readSubgraphConfig, type SubgraphConfig } from './readSubgraphConfig.ts';

export type { SchemaSource, SubgraphConfig } from './readSubgraphConfig.ts';

/** A supergraph.yaml, read and complete. */
export interface SupergraphConfig {
  readonly path: string;
  readonly federationVersion: FederationVersion;
  /** At least one; in the order of the bytes of their names, as Rover's BTreeMap keeps them. */
  readonly subgraphs: readonly SubgraphConfig[];
}

export interface ReadConfig {
  readonly config: SupergraphConfig;
  /** Every file that `${file.…}` expansions asked for, absolute, there or not: a change of one changes the result. */
  readonly dependsOn: readonly string[];
}

export interface ReadOptions extends ExpandOptions {
  /** Version of the composition that this gateway brings: `2.14.4`. */
  readonly bundledVersion: string;
}

/**
 * Reads a supergraph.yaml in the format of Rover (YAML or JSON; unknown keys are ignored), with expansions done.
 *
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID with all problems, each naming its key
 * Source: federation-rs, `apollo-federation-types/src/config/supergraph.rs`.
 */
export function readSupergraphConfig(text: string, options: ReadOptions): ReadConfig {
  const { expanded, dependsOn, problems: expansionProblems, parsed } = expandConfigText(text, options);
  if (!parsed) throw supergraphConfigError(options.path, expansionProblems);

  const problems: ConfigProblem[] = [...expansionProblems];
  // A value that could not be expanded is told once, not again for the shape of its unexpanded text.
  const told = new Set(expansionProblems.map(({ key }) => JSON.stringify(key)));
  const report = (problem: ConfigProblem): void => {
    if (!told.has(JSON.stringify(problem.key))) problems.push(problem);
  };
  const reader = { path: options.path, report };

  const root = readMap(expanded ?? {}, [], reader) ?? {};
  const version = readFederationVersion(field(root, 'federation_version'), options.bundledVersion);
  if (typeof version === 'string') report({ key: ['federation_version'], message: version });
  const subgraphs = readSubgraphs(root, reader);

  const linkProblem = findLinkProblem(String(field(root, 'federation_version')), inlineSdls(subgraphs));
  if (linkProblem !== undefined) report({ key: [], message: linkProblem });
  if (problems.length > 0 || typeof version === 'string') throw supergraphConfigError(options.path, problems);
  return { config: { path: options.path, federationVersion: version, subgraphs }, dependsOn };
}

function readSubgraphs(
  root: Readonly<Record<string, unknown>>,
  reader: Parameters<typeof readMap>[2],
): SubgraphConfig[] {
  const value = field(root, 'subgraphs');
  const entries = value === undefined ? {} : readMap(value, ['subgraphs'], reader);
  if (entries === undefined) return [];
  const names = Object.keys(entries).filter((name) => name !== '<<');
  if (names.length === 0) {
    reader.report({ key: [], message: 'No subgraphs were found in the supergraph config.' });
  }
  return names
    .sort((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .map((name) => readSubgraphConfig(name, entries[name], reader))
    .filter((subgraph) => subgraph !== undefined);
}

function inlineSdls(subgraphs: readonly SubgraphConfig[]): Record<string, string> {
  return Object.fromEntries(
    subgraphs.flatMap(({ name, schema }) => (schema.kind === 'sdl' ? [[name, schema.sdl]] : [])),
  );
}
