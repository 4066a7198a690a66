import type { ProviderSettings } from '../models/models.ts';
import type { Provider, ProviderClient } from '../provider.ts';

/** Any server that speaks OpenAI's Chat Completions: vLLM, llama.cpp, LM Studio, LiteLLM, Azure and others. */
export const compatible: Provider = {
  telemetryName: 'openai_compatible',
  catalog: null,
  structuredSupport: ({ provider }) => (provider.jsonSchema ? 'NATIVE' : 'JSON_ONLY'),
  open: openCompatible,
};

/** Shared with `ollama.ts`. */
export async function openCompatible(
  { name, baseUrl, key, jsonSchema }: ProviderSettings,
  fetch: typeof globalThis.fetch,
): Promise<ProviderClient> {
  const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
  const sdk = createOpenAICompatible({
    name,
    baseURL: baseUrl,
    ...(key === undefined ? {} : { apiKey: key }),
    // without it streams report no tokens, and cost nothing in every budget
    includeUsage: true,
    // without it the schema is neither sent nor said in the prompt; `call/modelRequest.ts` then says it
    supportsStructuredOutputs: jsonSchema,
    fetch,
  });
  return {
    languageModel: ({ modelName }) => sdk.languageModel(modelName),
    embeddingModel: ({ modelName }, { dimensions }) => ({
      model: sdk.embeddingModel(modelName),
      ...(dimensions === undefined ? {} : { options: { [name]: { dimensions } } }),
    }),
  };
}
