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
      client = providers[settings.kind].open(settings, onlyTo(settings.baseUrl));
      // a failed import may succeed later
      client.catch(() => this.#clients.delete(id));
      this.#clients.set(id, client);
    }
    return client;
  }
}

export function providerOf(target: Target): Provider {
  return providers[target.provider.kind];
}
