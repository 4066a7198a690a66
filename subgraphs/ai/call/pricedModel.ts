import type { Target } from '../models/models.ts';
import type { PricedModel } from '../money/contract.ts';
import { providerOf } from './providerClients.ts';

/** What the price list needs to know of a target. */
export function pricedModel(target: Target): PricedModel {
  const { catalog } = providerOf(target);
  return {
    name: target.id,
    catalog: catalog === null ? null : { provider: catalog, model: target.modelName },
    override: target.price ?? null,
  };
}
