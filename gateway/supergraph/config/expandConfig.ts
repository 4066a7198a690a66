import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type ConfigProblem, supergraphConfigError } from './configProblem.ts';
import { type ExpansionSources, expandValues } from './expandValues.ts';
import { parseConfigText } from './parseConfigText.ts';

const maxFileBytes = 1_000_000;

export interface ExpandOptions {
  /** The file the text was read from: `${file.…}` paths are relative to its folder. */
  readonly path: string;
  readonly env: ExpansionSources['env'];
}

/** A configuration file with its expansions done, and every file they asked for, absolute, there or not, sorted. */
export interface ExpandedConfig {
  readonly expanded: unknown;
  readonly dependsOn: readonly string[];
}

/**
 * Parses a supergraph.yaml and expands its values: what `config expand` prints.
 *
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID with all problems of syntax, or else of expansion
 */
export function expandSupergraphConfig(text: string, options: ExpandOptions): ExpandedConfig {
  const { expanded, dependsOn, problems } = expandConfigText(text, options);
  if (problems.length > 0) throw supergraphConfigError(options.path, problems);
  return { expanded, dependsOn };
}

/** Like `expandSupergraphConfig`, for a reader that has problems of its own to add. */
export function expandConfigText(
  text: string,
  { path, env }: ExpandOptions,
): ExpandedConfig & { readonly problems: readonly ConfigProblem[]; readonly parsed: boolean } {
  const parsed = parseConfigText(text);
  if (parsed.problems.length > 0) {
    return { expanded: undefined, dependsOn: [], problems: parsed.problems, parsed: false };
  }
  const folder = dirname(resolve(path));
  const dependsOn = new Set<string>();
  const readFile = (written: string): Uint8Array | undefined => {
    const file = resolve(folder, written);
    dependsOn.add(file);
    return readRegularFile(file);
  };
  const { expanded, problems } = expandValues(parsed.value, { env, readFile });
  return { expanded, dependsOn: [...dependsOn].sort(), problems, parsed: true };
}

/** Reads a file that can be read to its end: a device or a pipe would block the start of the gateway. */
function readRegularFile(file: string): Uint8Array | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw new Error('it is not a regular file');
  if (stats.size > maxFileBytes) throw new Error(`it is larger than ${maxFileBytes} bytes`);
  return readFileSync(file);
}
