import type { Provider } from '../provider.ts';

/** Anthropic: the Messages API. It has no embeddings. */
export const anthropic: Provider = {
  telemetryName: 'anthropic',
  catalog: 'anthropic',
  // models before Claude 4 are given the schema as a tool that they must call
  structuredSupport: ({ modelName }) => (/^claude-(2|3|instant)/.test(modelName) ? 'TOOL' : 'NATIVE'),
  async open({ baseUrl, key }, fetch) {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const sdk = createAnthropic({ baseURL: baseUrl, apiKey: key ?? '', fetch });
    return {
      languageModel: ({ modelName }) => sdk.languageModel(modelName),
      embeddingModel: () => null,
    };
  },
};
