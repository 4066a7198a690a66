import type { Provider } from '../provider.ts';
import { openCompatible } from './compatible.ts';

/**
 * Llama and others through Ollama, by its OpenAI-compatible side at `/v1`: there `max_tokens` and `temperature` reach
 * the model. The package for its native API puts them where Ollama does not look, and limits are silently ignored.
 */
export const ollama: Provider = {
  telemetryName: 'ollama',
  catalog: null,
  structuredSupport: () => 'NATIVE',
  open: openCompatible,
};
