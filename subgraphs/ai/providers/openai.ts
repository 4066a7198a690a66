import type { Provider } from '../provider.ts';

/** OpenAI: the Responses API, or Chat Completions for models with `api: chat`. */
export const openai: Provider = {
  telemetryName: 'openai',
  catalog: 'openai',
  structuredSupport: () => 'NATIVE',
  async open({ baseUrl, key }, fetch) {
    const { createOpenAI } = await import('@ai-sdk/openai');
    const sdk = createOpenAI({ baseURL: baseUrl, apiKey: key ?? '', fetch });
    return {
      languageModel: ({ api, modelName }) =>
        api === 'chat' ? sdk.chat(modelName) : sdk.responses(modelName),
      embeddingModel: ({ modelName }, { dimensions }) => ({
        model: sdk.embedding(modelName),
        ...(dimensions === undefined ? {} : { options: { openai: { dimensions } } }),
      }),
      // the Responses API keeps every answer at OpenAI unless it is told not to
      optionsOf: ({ reasoningEffort }) => ({
        openai: { store: false, ...(reasoningEffort === undefined ? {} : { reasoningEffort }) },
      }),
    };
  },
};
