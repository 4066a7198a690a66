import type { ProviderKind } from './models/modelsSchema.ts';
import type { Provider } from './provider.ts';
import { anthropic } from './providers/anthropic.ts';
import { compatible } from './providers/compatible.ts';
import { google } from './providers/google.ts';
import { mistral } from './providers/mistral.ts';
import { ollama } from './providers/ollama.ts';
import { openai } from './providers/openai.ts';

/** By the `kind` of models.yaml. */
export const providers: Readonly<Record<ProviderKind, Provider>> = {
  openai,
  anthropic,
  mistral,
  google,
  ollama,
  compatible,
};
