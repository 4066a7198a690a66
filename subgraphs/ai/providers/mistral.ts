import type { Provider } from '../provider.ts';

/** Mistral: La Plateforme's chat completions and embeddings. */
export const mistral: Provider = {
  telemetryName: 'mistral_ai',
  catalog: 'mistral',
  structuredSupport: () => 'NATIVE',
  async open({ baseUrl, key }, fetch) {
    const { createMistral } = await import('@ai-sdk/mistral');
    const sdk = createMistral({ baseURL: baseUrl, apiKey: key ?? '', fetch });
    return {
      languageModel: ({ modelName }) => sdk.languageModel(modelName),
      embeddingModel: ({ modelName }) => ({ model: sdk.embedding(modelName) }),
      // without it the schema is sent as a hint only
      optionsOf: () => ({ mistral: { strictJsonSchema: true } }),
    };
  },
};
