import { z } from 'zod';
import { moneyShape, tokenPricesSchema } from '../money/moneySettings.ts';

const name = z.string().regex(/^[A-Za-z][\w-]*$/, 'a name of letters, digits, `-` and `_`');
const positive = z.number().positive('a number above 0');
const whole = z.int('a whole number').positive('a whole number above 0');
const milliseconds = z
  .int('a whole number of milliseconds')
  .min(1, 'at least 1 ms')
  .max(3_600_000, 'at most an hour');

/** A model of a provider: `openai/gpt-5-mini`. What stands behind the first slash is the provider's own name of it. */
const modelId = z.string().regex(/^[A-Za-z][\w-]*\/\S+$/, '`provider/model`');

const providerKinds = ['openai', 'anthropic', 'mistral', 'google', 'ollama', 'compatible'] as const;
export type ProviderKind = (typeof providerKinds)[number];

const provider = z.strictObject({
  kind: z.enum(providerKinds, { error: `one of ${providerKinds.join(', ')}` }),
  /** With the version: `https://api.openai.com/v1`. Empty: the provider is not enabled. */
  base_url: z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'an http: or https: URL' })]),
  /** The name of the environment variable that holds the key; a key never stands in the file. */
  key_env: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, 'the name of an environment variable, not a key')
    .optional(),
  /** Whether a server without `response_format: json_schema` is meant; the schema then goes into the system text. */
  json_schema: z.boolean().optional(),
  /** Use it only while it answers, asked every 30 seconds; for servers on the own machine. */
  discover: z.boolean().optional(),
});

const model = z.strictObject({
  context_window: whole.optional(),
  /** The most that the model can write in one answer. */
  max_output_tokens: whole.optional(),
  /** `chat`: OpenAI's Chat Completions instead of Responses. */
  api: z.enum(['responses', 'chat'], { error: '`responses` or `chat`' }).optional(),
  /** How long OpenAI's reasoning models think: their thoughts count as output, and are paid. */
  reasoning_effort: z
    .enum(['minimal', 'low', 'medium', 'high'], { error: '`minimal`, `low`, `medium` or `high`' })
    .optional(),
  /** USD for a million tokens, in place of the catalogue's price. */
  price: tokenPricesSchema.optional(),
});

const target = z.union([
  modelId,
  z.strictObject({
    model: modelId,
    /** Among targets of the same priority. */
    weight: positive.optional(),
    /** Lower comes first; without it, the place in the list. */
    priority: z.int('a whole number').optional(),
  }),
]);

const timeouts = z.strictObject({
  /** All attempts together. Apollo Router gives a subgraph 30 s. */
  total_ms: milliseconds.default(25_000),
  attempt_ms: milliseconds.default(20_000),
  first_token_ms: milliseconds.default(15_000),
  idle_ms: milliseconds.default(10_000),
});

const alias = z.strictObject({
  kind: z.enum(['text', 'embedding'], { error: '`text` or `embedding`' }).default('text'),
  targets: z.array(target).min(1, 'at least one target'),
  timeouts: timeouts.prefault({}),
  /** How long answers of `complete` and `chat` are kept; a `@prompt` field says it itself. */
  cache_ttl_s: z.int('a whole number of seconds').nonnegative('seconds from 0').default(0),
  /** Whether an answer that a provider's filter stopped is asked of the next target. */
  fallback_on_filter: z.boolean().default(false),
  max_output_tokens: whole.default(1_024),
  /** Only these tenants may use it; all without. */
  tenants: z.array(z.string()).min(1, 'at least one tenant').optional(),
});

const limits = z.strictObject({
  /** Calls of one tenant at providers at the same time. */
  in_flight: whole.default(8),
  /** Calls of one tenant that wait for one of those places. */
  waiting: whole.default(512),
});

/** `models.yaml` as it is written. */
export const modelsSchema = z.strictObject({
  providers: z.record(name, provider),
  models: z.record(modelId, model).default({}),
  aliases: z.record(name, alias),
  limits: limits.prefault({}),
  /** Guardrails for `complete`, `chat` and their streams, by name. */
  guardrails: z.array(z.string()).default([]),
  guardrail_options: z
    .strictObject({
      max_input_characters: whole.default(100_000),
      max_output_characters: whole.default(100_000),
      /** Regular expressions, matched without regard to case. */
      deny_patterns: z.array(z.string()).default([]),
    })
    .prefault({}),
  ...moneyShape,
});

export type ModelsFile = z.infer<typeof modelsSchema>;
