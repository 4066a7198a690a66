import type { ProviderSettings, Target } from './models.ts';

const probeEveryMs = 10_000;
const probeTimeoutMs = 1_000;

/** Which providers can be asked now: those with `discover` only while their server answers, the others always. */
export interface Availability {
  isAvailable(target: Target): boolean;
}

/**
 * Asks servers on the own machine what models they have: `GET <base_url>/models`, once at the start and every ten
 * seconds. Whoever starts Ollama beside this subgraph has nothing to configure.
 *
 * Source: the OpenAI API's list of models, which Ollama, vLLM and llama.cpp serve too.
 */
export class DiscoveredModels implements Availability {
  #found: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #providers: readonly ProviderSettings[] = [];
  #timer: NodeJS.Timeout | undefined;

  isAvailable({ provider, modelName }: Target): boolean {
    if (!provider.enabled) return false;
    if (!provider.discover) return true;
    const models = this.#found.get(provider.name);
    // Ollama lists a model with its tag, and takes it without
    return models !== undefined && (models.has(modelName) || models.has(`${modelName}:latest`));
  }

  /** Asks the providers of a configuration, now and from now on. */
  async follow(providers: Iterable<ProviderSettings>): Promise<void> {
    this.#providers = [...providers].filter(({ enabled, discover }) => enabled && discover);
    clearInterval(this.#timer);
    if (this.#providers.length > 0) {
      this.#timer = setInterval(() => void this.#probeAll(), probeEveryMs).unref();
    }
    await this.#probeAll();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #probeAll(): Promise<void> {
    const found = await Promise.all(
      this.#providers.map(async (provider) => [provider.name, await modelsAt(provider)] as const),
    );
    this.#found = new Map(
      found.flatMap(([name, models]) => (models === null ? [] : [[name, models] as const])),
    );
  }
}

/** @returns `null` when no such server answers */
async function modelsAt({ baseUrl, key }: ProviderSettings): Promise<ReadonlySet<string> | null> {
  try {
    const response = await fetch(`${baseUrl}/models`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      redirect: 'error',
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    const { data } = (await response.json()) as { readonly data?: unknown };
    if (!response.ok || !Array.isArray(data)) return null;
    return new Set(
      data
        .map((model: unknown) => (model as { id?: unknown } | null)?.id)
        .filter((id) => typeof id === 'string'),
    );
  } catch {
    return null;
  }
}
