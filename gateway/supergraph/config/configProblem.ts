import { GatewayError } from '../../errors.ts';

/** Where a value stands in a configuration file: `['subgraphs', 'products', 'schema']`. */
export type ConfigKey = readonly (string | number)[];

/** One thing that is wrong with a configuration file. */
export interface ConfigProblem {
  /** Empty when the problem concerns the file as a whole. */
  readonly key: ConfigKey;
  readonly message: string;
}

/** Prints a key as it is spoken of: `subgraphs.products.schema`, `subgraphs["a.b"]`, `hosts[0]`. */
export function printConfigKey(key: ConfigKey): string {
  let text = '';
  for (const part of key) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** `key: message`, or the message alone for a problem of the whole file. */
export function printConfigProblem({ key, message }: ConfigProblem): string {
  return key.length === 0 ? message : `${printConfigKey(key)}: ${message}`;
}

/**
 * The error that refuses a supergraph.yaml, with all its problems: on the same line if there is one, else one a line.
 * They are also in `extensions.problems` as `{ key, message }`, and the file in `extensions.path`.
 *
 * The leading words are Rover's: federation-rs, `apollo-federation-types/src/config/error.rs`.
 */
export function supergraphConfigError(path: string, problems: readonly ConfigProblem[]): GatewayError {
  const lines = problems.map(printConfigProblem);
  const text = lines.length === 1 ? ` ${lines[0]}` : lines.map((line) => `\n  ${line}`).join('');
  return new GatewayError('SUPERGRAPH_CONFIG_INVALID', {
    message: `Could not parse supergraph config:${text}`,
    extensions: {
      path,
      problems: problems.map(({ key, message }) => ({ key: printConfigKey(key), message })),
    },
  });
}
