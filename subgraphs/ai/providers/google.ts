import type { Provider } from '../provider.ts';

/** Google Gemini: the Generative Language API. */
export const google: Provider = {
  telemetryName: 'gcp.gemini',
  catalog: 'google',
  structuredSupport: () => 'NATIVE',
  async open({ baseUrl, key }, fetch) {
    const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
    const sdk = createGoogleGenerativeAI({ baseURL: baseUrl, apiKey: key ?? '', fetch });
    return {
      languageModel: ({ modelName }) => sdk.languageModel(modelName),
      embeddingModel: ({ modelName }, { dimensions }) => ({
        model: sdk.embedding(modelName),
        ...(dimensions === undefined ? {} : { options: { google: { outputDimensionality: dimensions } } }),
      }),
    };
  },
};
