import type { LanguageModelV3 } from '@ai-sdk/provider';
import type { ProviderSettings, Target } from '../models/models.ts';
import type { Provider, ProviderClient } from '../provider.ts';
import { providers } from '../providers.ts';
import { onlyTo } from './onlyTo.ts';

/** Opens a provider with its first call, and keeps it as long as its settings are the same. */
export class ProviderClients {
  readonly #clients = new Map<string, Promise<ProviderClient>>();

  /** @throws what the import of the provider's package throws */
  clientOf(settings: ProviderSettings): Promise<ProviderClient> {
    const id = JSON.stringify([
      settings.name,
      settings.kind,
      settings.baseUrl,
      settings.key,
      settings.jsonSchema,
    ]);
    let client = this.#clients.get(id);
    if (client === undefined) {
      client = providers[settings.kind].open(settings, onlyTo(settings.baseUrl)).then(withKeptModels);
      // a failed import may succeed later
      client.catch(() => this.#clients.delete(id));
      this.#clients.set(id, client);
    }
    return client;
  }
}

/** Some packages build the schemas of their answers with each model object: half a millisecond that is paid once here. */
function withKeptModels(client: ProviderClient): ProviderClient {
  const models = new Map<string, LanguageModelV3>();
  return {
    ...client,
    languageModel(target) {
      const key = `${target.api} ${target.modelName}`;
      const model = models.get(key) ?? client.languageModel(target);
      models.set(key, model);
      return model;
    },
  };
}

export function providerOf(target: Target): Provider {
  return providers[target.provider.kind];
}
