import { AiError } from '../errors.ts';
import type { Availability } from './availability.ts';
import type { Alias, Models, Target } from './models.ts';

/**
 * The alias by its name, if the tenant may use it.
 *
 * @throws AiError AI_MODEL_UNKNOWN, AI_MODEL_FORBIDDEN
 */
export function aliasOf(
  models: Models,
  { name, kind, tenant }: { readonly name: string; readonly kind: Alias['kind']; readonly tenant: string },
): Alias {
  const alias = models.aliases.get(name);
  if (alias === undefined || alias.kind !== kind) {
    const known = [...models.aliases.values()].filter((other) => other.kind === kind).map((it) => it.name);
    throw new AiError(
      'AI_MODEL_UNKNOWN',
      `No ${kind} model is configured under that name; there is ${known.join(', ') || 'none'}.`,
    );
  }
  if (!mayUse(alias, tenant)) {
    throw new AiError('AI_MODEL_FORBIDDEN', `The tenant may not use the model ${name}.`, { model: name });
  }
  return alias;
}

export function mayUse({ tenants }: Alias, tenant: string): boolean {
  return tenants === undefined || tenants.includes(tenant);
}

/**
 * The targets of an alias that can be asked.
 *
 * @throws AiError AI_NO_MODEL when there is none, with what enables each
 */
export function targetsOf(
  alias: Alias,
  { availability }: { readonly models: Models; readonly availability: Availability },
): readonly Target[] {
  const targets = alias.targets.filter((target) => availability.isAvailable(target));
  if (targets.length === 0) throw noModel(alias);
  return targets;
}

export function hasTarget(alias: Alias, availability: Availability): boolean {
  return alias.targets.some((target) => availability.isAvailable(target));
}

export function noModel(alias: Alias): AiError {
  const enableWith = [...new Set(alias.targets.map(enabling))];
  return new AiError(
    'AI_NO_MODEL',
    `This needs a generative model, and none is enabled for "${alias.name}": ${enableWith.join(', or ')}.`,
    { enableWith },
  );
}

/** One way to enable a target, as an operator would be told it. */
function enabling({ provider, modelName }: Target): string {
  if (provider.kind === 'ollama') return `start Ollama and run \`ollama pull ${modelName}\``;
  if (provider.keyEnv !== undefined && provider.key === undefined) return `set ${provider.keyEnv}`;
  if (provider.baseUrl === '') return `give the provider "${provider.name}" a base_url in models.yaml`;
  return `start the server of the provider "${provider.name}" with the model ${modelName}`;
}
