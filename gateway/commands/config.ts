import path from 'node:path';
import { stringify } from 'yaml';
import { GatewayError } from '../errors.ts';
import { settingsJsonSchema } from '../settingsSchema.ts';
import { expandSupergraphConfig } from '../supergraph/config/expandConfig.ts';
import { supergraphConfigJsonSchema } from '../supergraph/config/supergraphConfigSchema.ts';
import { readTextArgument } from './readTextArgument.ts';

export interface ExpandCommandOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `-` reads standard input. */
  readonly config: string;
  readonly format: string;
}

/**
 * `tributary config expand`: the file with its values filled in, as YAML, or as JSON under Rover's key `expanded_config`.
 * @throws GatewayError SUPERGRAPH_CONFIG_INVALID
 */
export async function expandCommand({ cwd, env, config, format }: ExpandCommandOptions): Promise<void> {
  if (format !== 'yaml' && format !== 'json') {
    throw new GatewayError('OPERATION_INVALID', { message: `--format takes yaml or json, not ${format}.` });
  }
  const text = await readTextArgument(config, { cwd, code: 'SUPERGRAPH_CONFIG_INVALID' });
  const { expanded } = expandSupergraphConfig(text, { path: path.resolve(cwd, config), env });
  process.stdout.write(
    format === 'json' ? `${JSON.stringify({ expanded_config: expanded }, null, 2)}\n` : stringify(expanded),
  );
}

/** `tributary config schema`: JSON Schema of `supergraph.yaml` or `gateway.yaml`. */
export function schemaCommand(of: 'supergraph' | 'settings'): void {
  const schema = of === 'settings' ? settingsJsonSchema() : supergraphConfigJsonSchema;
  process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
}
