import { calcPrice, type ModelInfo, type ModelPrice, type Provider } from '@pydantic/genai-prices';
import type { Cost, Estimate, PricedModel, PriceList, TokenPrices, TokenUsage } from './contract.ts';
import { toNanoUsd } from './dollars.ts';
import { noTokens } from './tokenUsage.ts';

const unknown: Cost = { nanoUsd: null, source: 'UNKNOWN', priceDate: null };
const local: Cost = { nanoUsd: 0, source: 'LOCAL', priceDate: null };

/** Enough for every model that a configuration names; aliases that are made up by clients never get here. */
const maxRememberedModels = 1_000;

/**
 * Prices from `models.yaml`, else from the catalogue in `@pydantic/genai-prices`, which is data in the package: nothing is
 * fetched, and newer prices come with a newer package. Streamed and unstreamed calls are priced by the same tokens.
 */
export function createPriceList(): PriceList {
  const entries = new Map<string, CatalogEntry | null>();

  /** Finding a model tries hundreds of patterns, so it is done once; the dates and tiers of its price are not cached. */
  function entryOf(catalog: { readonly provider: string; readonly model: string }): CatalogEntry | null {
    const key = JSON.stringify([catalog.provider, catalog.model]);
    const known = entries.get(key);
    if (known !== undefined) return known;
    const found = findEntry(catalog.provider, catalog.model);
    if (entries.size >= maxRememberedModels) entries.clear();
    entries.set(key, found);
    return found;
  }

  return {
    priceOf(model, usage, at = new Date()) {
      if (model.name.startsWith('local/')) return local;
      if (model.override) return configuredCost(model.override, usage);
      const entry = model.catalog && entryOf(model.catalog);
      return entry ? catalogCost(entry, usage, at) : unknown;
    },
    tokenPrices(model, at = new Date()) {
      if (model.name.startsWith('local/')) return { input: 0, output: 0 };
      if (model.override) return model.override;
      const entry = model.catalog && entryOf(model.catalog);
      return entry ? catalogPrices(entry, at) : null;
    },
  };
}

/**
 * The worst case of one call that any of these models may answer: nothing cached, the whole output used, the dearest
 * price. `null` as soon as one price is not known, since that model may be the one.
 */
export function estimateCost(
  prices: PriceList,
  models: readonly PricedModel[],
  tokens: { readonly inputTokens: number; readonly maxOutputTokens: number },
): Estimate {
  // a provider that caches prompts by itself may charge for the writing, and reasoning may have a price of its own
  const worst = [noTokens, { ...noTokens, cacheWriteTokens: tokens.inputTokens }].flatMap((parts) =>
    [0, tokens.maxOutputTokens].map((reasoningTokens) => ({
      ...parts,
      inputTokens: tokens.inputTokens,
      outputTokens: tokens.maxOutputTokens,
      reasoningTokens,
    })),
  );
  let nanoUsd: number | null = 0;
  for (const model of models) {
    for (const usage of worst) {
      const cost = prices.priceOf(model, usage).nanoUsd;
      nanoUsd = cost === null || nanoUsd === null ? null : Math.max(nanoUsd, cost);
    }
  }
  return { ...tokens, nanoUsd };
}

function configuredCost(prices: TokenPrices, usage: TokenUsage): Cost {
  const { cachedInput = prices.input, cacheWrite = prices.input, reasoning = prices.output } = prices;
  const plainInput = usage.inputTokens - usage.cachedInputTokens - usage.cacheWriteTokens;
  const microUsd =
    plainInput * prices.input +
    usage.cachedInputTokens * cachedInput +
    usage.cacheWriteTokens * cacheWrite +
    (usage.outputTokens - usage.reasoningTokens) * prices.output +
    usage.reasoningTokens * reasoning;
  return { nanoUsd: toNanoUsd(microUsd / 1_000_000), source: 'CONFIG', priceDate: prices.date ?? null };
}

/** A provider of the catalogue cut down to one model, which the catalogue then need not look for. */
interface CatalogEntry {
  readonly provider: Provider;
  readonly model: ModelInfo;
}

const onlyModel = 'it';

function findEntry(providerId: string, modelId: string): CatalogEntry | null {
  const found = calcPrice({ input_tokens: 0 }, modelId, { providerId });
  if (!found) return null;
  const model: ModelInfo = { ...found.model, match: { equals: onlyModel } };
  return { model, provider: { ...found.provider, models: [model] } };
}

function catalogCost({ provider, model }: CatalogEntry, usage: TokenUsage, at: Date): Cost {
  const priced = calcPrice(
    {
      input_tokens: usage.inputTokens,
      cache_read_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      output_tokens: usage.outputTokens,
      output_reasoning_tokens: usage.reasoningTokens,
    },
    onlyModel,
    { provider, timestamp: at },
  );
  if (!priced || !covers(priced.model_price, usage)) return unknown;
  return {
    nanoUsd: toNanoUsd(priced.total_price),
    source: 'CATALOG',
    priceDate: dateOf(model, priced.model_price),
  };
}

/** The catalogue counts tokens that it has no price for as free: the output of an embedding model, for one. */
function covers(prices: ModelPrice, usage: TokenUsage): boolean {
  return (
    (usage.inputTokens === 0 || prices.input_mtok !== undefined) &&
    (usage.outputTokens === 0 || prices.output_mtok !== undefined)
  );
}

function catalogPrices({ provider, model }: CatalogEntry, at: Date): TokenPrices | null {
  const priced = calcPrice({ input_tokens: 0 }, onlyModel, { provider, timestamp: at });
  const input = priced && lowestTier(priced.model_price.input_mtok);
  if (!priced || input === undefined || input === null) return null;
  return {
    input,
    output: lowestTier(priced.model_price.output_mtok) ?? 0,
    cachedInput: lowestTier(priced.model_price.cache_read_mtok),
    cacheWrite: lowestTier(priced.model_price.cache_write_mtok),
    reasoning: lowestTier(priced.model_price.output_reasoning_mtok),
    date: dateOf(model, priced.model_price) ?? undefined,
  };
}

function lowestTier(price: ModelPrice[string]): number | undefined {
  return typeof price === 'object' ? price.base : price;
}

function dateOf(model: ModelInfo, prices: ModelPrice): string | null {
  if (!Array.isArray(model.prices)) return null;
  const constraint = model.prices.find((conditional) => conditional.prices === prices)?.constraint;
  return constraint?.type === 'start_date' ? constraint.start_date : null;
}
