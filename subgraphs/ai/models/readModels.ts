// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is the syntax that the file reads
import { createHash } from 'node:crypto';
import { parseDocument } from 'yaml';
import type { Alias, Models, ProviderSettings, Target } from './models.ts';
import { type ModelsFile, modelsSchema } from './modelsSchema.ts';

/** The name before the slash of what runs without any provider. */
export const localProvider = 'local';

/** A models.yaml that cannot be used; one line a problem, each with the path of its key. */
export class ModelsError extends Error {
  override readonly name = 'ModelsError';
}

export interface ReadModelsOptions {
  /** For messages. */
  readonly file: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Reads the text of a models.yaml.
 *
 * @throws ModelsError with every problem: `models.yaml: aliases.fast.targets[0]: names the provider "opena", …`
 */
export function readModels(text: string, { file, environment }: ReadModelsOptions): Models {
  const refuse = (problems: readonly string[]) =>
    new ModelsError(problems.map((problem) => `${file}: ${problem}`).join('\n'));
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0) throw refuse(document.errors.map(({ message }) => firstLine(message)));
  const result = modelsSchema.safeParse(expand(document.toJS(), environment));
  if (!result.success) {
    throw refuse(
      result.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((key) => `${pathOf([...issue.path, key])}: is not known`)
          : [`${pathOf(issue.path)}: expected ${expectationOf(issue)}`],
      ),
    );
  }
  const problems = referenceProblems(result.data);
  if (problems.length > 0) throw refuse(problems);
  return join(result.data, environment);
}

/** `${env.NAME}` and `${env.NAME:-otherwise}`, as in supergraph.yaml; an unset variable without an otherwise is empty. */
function expand(value: unknown, environment: NodeJS.ProcessEnv): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(
      /\$\{env\.(\w+)(?::-([^}]*))?\}/g,
      (_, variable: string, otherwise = '') => environment[variable] || otherwise,
    );
  }
  if (Array.isArray(value)) return value.map((item) => expand(item, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, expand(item, environment)]));
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the file';
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}

/** Zod writes its own sentence where the schema gives none; the value is never repeated, since it may be a key. */
function expectationOf(issue: { readonly message: string }): string {
  return issue.message.replace(/^Invalid input: expected /, '').replace(/, received.*$/, '');
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.replace(/:$/, '') ?? message;
}

/** What the schema cannot see: names that must exist elsewhere in the file. */
function referenceProblems(file: ModelsFile): string[] {
  const problems: string[] = [];
  if (Object.hasOwn(file.providers, localProvider)) {
    problems.push(`providers.${localProvider}: is the name of the built-in models`);
  }
  for (const model of Object.keys(file.models)) {
    const provider = providerOf(model);
    if (!Object.hasOwn(file.providers, provider)) {
      problems.push(`models.${model}: names the provider "${provider}", which is not under providers`);
    }
  }
  for (const [name, alias] of Object.entries(file.aliases)) {
    alias.targets.forEach((written, index) => {
      const provider = providerOf(typeof written === 'string' ? written : written.model);
      const at = `aliases.${name}.targets[${index}]`;
      if (provider === localProvider) {
        if (alias.kind !== 'embedding') problems.push(`${at}: the built-in models only embed`);
        else if (index !== alias.targets.length - 1)
          problems.push(`${at}: must be the last one, it never fails`);
      } else if (!Object.hasOwn(file.providers, provider)) {
        problems.push(`${at}: names the provider "${provider}", which is not under providers`);
      } else if (alias.kind === 'embedding' && file.providers[provider]?.kind === 'anthropic') {
        problems.push(`${at}: Anthropic has no embeddings`);
      }
    });
  }
  file.budgets.forEach(({ downgradeTo }, index) => {
    if (downgradeTo !== undefined && file.aliases[downgradeTo]?.kind !== 'text') {
      problems.push(`budgets[${index}].downgrade_to: names "${downgradeTo}", which is no text alias`);
    }
  });
  file.guardrail_options.deny_patterns.forEach((pattern, index) => {
    try {
      new RegExp(pattern, 'iu');
    } catch {
      problems.push(`guardrail_options.deny_patterns[${index}]: is no regular expression`);
    }
  });
  return problems;
}

function providerOf(model: string): string {
  return model.slice(0, model.indexOf('/'));
}

function join(file: ModelsFile, environment: NodeJS.ProcessEnv): Models {
  const providers = new Map(
    Object.entries(file.providers).map(([name, written]): [string, ProviderSettings] => {
      const key = written.key_env === undefined ? undefined : environment[written.key_env] || undefined;
      return [
        name,
        {
          name,
          kind: written.kind,
          baseUrl: written.base_url.replace(/\/+$/, ''),
          key,
          keyEnv: written.key_env,
          jsonSchema: written.json_schema ?? true,
          discover: written.discover ?? written.kind === 'ollama',
          enabled: written.base_url !== '' && (written.key_env === undefined || key !== undefined),
        },
      ];
    }),
  );
  const aliases = Object.entries(file.aliases).map(([name, written]): [string, Alias] => {
    const targets = written.targets.flatMap((target, index) => targetOf(file, providers, { target, index }));
    const { cache_ttl_s: cacheTtlSeconds, timeouts: times } = written;
    return [
      name,
      {
        name,
        kind: written.kind,
        targets,
        revision: hashOf(
          targets.map(({ id, provider, api, reasoningEffort }) => [
            id,
            provider.baseUrl,
            provider.jsonSchema,
            api,
            reasoningEffort,
          ]),
        ),
        timeouts: {
          totalMs: times.total_ms,
          attemptMs: times.attempt_ms,
          firstTokenMs: times.first_token_ms,
          idleMs: times.idle_ms,
        },
        cacheTtlSeconds,
        fallbackOnFilter: written.fallback_on_filter,
        maxOutputTokens: written.max_output_tokens,
        tenants: written.tenants,
        endsLocally: targets.length < written.targets.length,
      },
    ];
  });
  const { limits, guardrail_options: options } = file;
  return {
    revision: hashOf(file),
    providers,
    aliases: new Map(aliases),
    limits: {
      inFlight: limits.in_flight,
      waiting: limits.waiting,
    },
    guardrails: file.guardrails,
    guardrailOptions: {
      maxInputCharacters: options.max_input_characters,
      maxOutputCharacters: options.max_output_characters,
      denyPatterns: options.deny_patterns.map((pattern) => new RegExp(pattern, 'iu')),
    },
    money: {
      budgets: file.budgets,
      tenantLimits: file.tenant_limits,
      usageRetentionDays: file.usage_retention_days,
    },
  };
}

function targetOf(
  file: ModelsFile,
  providers: ReadonlyMap<string, ProviderSettings>,
  { target, index }: { target: ModelsFile['aliases'][string]['targets'][number]; index: number },
): Target[] {
  const written = typeof target === 'string' ? { model: target } : target;
  const provider = providers.get(providerOf(written.model));
  if (provider === undefined) return [];
  const facts = file.models[written.model] ?? {};
  return [
    {
      id: written.model,
      provider,
      modelName: written.model.slice(written.model.indexOf('/') + 1),
      weight: written.weight ?? 1,
      priority: written.priority ?? index,
      contextWindow: facts.context_window,
      maxOutputTokens: facts.max_output_tokens,
      api: facts.api ?? 'responses',
      reasoningEffort: facts.reasoning_effort,
      price: facts.price,
    },
  ];
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);
}
