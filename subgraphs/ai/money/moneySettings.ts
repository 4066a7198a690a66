import { z } from 'zod';
import type { Budget, TenantLimits, TokenPrices } from './contract.ts';
import { toNanoUsd } from './dollars.ts';

const price = z.number().min(0).max(1_000_000);
const name = z.string().min(1).max(200);
const count = z.int().min(1);

/** `price:` of a model in `models.yaml`: US dollars for a million tokens. */
export const tokenPricesSchema = z
  .strictObject({
    input: price,
    output: price,
    cached_input: price.optional(),
    cache_write: price.optional(),
    reasoning: price.optional(),
    date: z.iso.date().optional(),
  })
  .transform(
    ({ cached_input: cachedInput, cache_write: cacheWrite, ...prices }): TokenPrices => ({
      ...prices,
      cachedInput,
      cacheWrite,
    }),
  );

const budgetSchema = z
  .strictObject({
    tenant: name.optional(),
    model: name.optional(),
    field: name.optional(),
    window: z.enum(['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL']),
    limit_usd: z.number().positive().max(9_000_000).optional(),
    limit_tokens: count.optional(),
    action: z.enum(['BLOCK', 'WARN', 'DOWNGRADE']).default('BLOCK'),
    downgrade_to: name.optional(),
    unpriced: z.enum(['ALLOW', 'BLOCK']).default('ALLOW'),
  })
  .refine((budget) => budget.limit_usd !== undefined || budget.limit_tokens !== undefined, {
    error: 'a budget needs limit_usd or limit_tokens',
  })
  .refine((budget) => (budget.action === 'DOWNGRADE') === (budget.downgrade_to !== undefined), {
    error: 'downgrade_to goes with the action DOWNGRADE, and only with it',
    path: ['downgrade_to'],
  })
  .transform(
    ({ limit_usd: limitUsd, limit_tokens: limitTokens, downgrade_to: downgradeTo, ...budget }): Budget => ({
      ...budget,
      downgradeTo,
      limitNanoUsd: limitUsd === undefined ? null : toNanoUsd(limitUsd),
      limitTokens: limitTokens ?? null,
    }),
  );

const limitsSchema = z
  .strictObject({
    requests_per_minute: count.nullable().default(null),
    tokens_per_minute: count.nullable().default(null),
    in_flight: count.nullable().default(null),
  })
  .transform(
    (limits): TenantLimits => ({
      requestsPerMinute: limits.requests_per_minute,
      tokensPerMinute: limits.tokens_per_minute,
      inFlight: limits.in_flight,
    }),
  );

/** The parts of `models.yaml` that are about money: its reader puts this shape among its own. */
export const moneyShape = {
  budgets: z.array(budgetSchema).max(200).default([]),
  /** How fast a tenant may go: by name, and `default` for all others. */
  tenant_limits: z.record(name, limitsSchema).default({}),
  /** How long single calls are remembered, for reports. */
  usage_retention_days: z.int().min(1).max(3_650).default(400),
};

/** What the ledger reads before each call, so that a changed file counts from the next call on. */
export interface MoneySettings {
  readonly budgets: readonly Budget[];
  readonly tenantLimits: Readonly<Record<string, TenantLimits>>;
  readonly usageRetentionDays: number;
}

const noLimits: TenantLimits = { requestsPerMinute: null, tokensPerMinute: null, inFlight: null };

export function tenantLimitsOf(settings: MoneySettings, tenant: string): TenantLimits {
  const own = Object.hasOwn(settings.tenantLimits, tenant) ? settings.tenantLimits[tenant] : undefined;
  return own ?? settings.tenantLimits.default ?? noLimits;
}
