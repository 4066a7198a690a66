import type { EmbeddingModelV3, LanguageModelV3, SharedV3ProviderOptions } from '@ai-sdk/provider';
import type { ProviderSettings, Target } from './models/models.ts';

/** How a model is made to answer in a type. `JSON_ONLY`: the schema stands in the system text; `TOOL`: a forced tool. */
export type StructuredSupport = 'NATIVE' | 'TOOL' | 'JSON_ONLY' | 'NONE';

/**
 * One kind of LLM provider: a file in `providers/`, a line in `providers.ts`, and a name in `models/modelsSchema.ts`.
 *
 * The packages of the AI SDK speak the wire; they are imported by `open`, with the first call, since each costs 20 to
 * 130 ms and some MB. Only its model objects are used (`doGenerate`, `doStream`, `doEmbed`): retries, fallbacks,
 * deadlines and validation are ours, in one place for all providers.
 */
export interface Provider {
  /** `gen_ai.provider.name` of the OpenTelemetry GenAI conventions. */
  readonly telemetryName: string;
  /** The provider's id in the price catalogue; `null` for servers of one's own, whose models may be called like sold ones. */
  readonly catalog: string | null;
  structuredSupport(target: Target): StructuredSupport;
  /**
   * @param settings with everything that the package would otherwise take from the environment
   * @param fetch the only way out: it refuses other hosts
   */
  open(settings: ProviderSettings, fetch: typeof globalThis.fetch): Promise<ProviderClient>;
}

export interface ProviderClient {
  languageModel(target: Target): LanguageModelV3;
  /** `null` where the provider has no embeddings. */
  embeddingModel(
    target: Target,
    options: { readonly dimensions?: number | undefined },
  ): EmbeddingModel | null;
  /** Sent with every call of a language model. */
  optionsOf?(target: Target): SharedV3ProviderOptions;
}

export interface EmbeddingModel {
  readonly model: EmbeddingModelV3;
  readonly options?: SharedV3ProviderOptions;
}
