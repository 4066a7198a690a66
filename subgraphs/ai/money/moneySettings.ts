import { z } from 'zod';
import type { Budget, TenantLimits } from './contract.ts';
import { toNanoUsd } from './dollars.ts';

const price = z.number().min(0).max(1_000_000);
const name = z.string().min(1).max(200);
const count = z.int().min(1);

/** `price:` of a target in `models.yaml`: US dollars for a million tokens. */
export const tokenPricesSchema = z.strictObject({
  input: price,
  output: price,
  cachedInput: price.optional(),
  cacheWrite: price.optional(),
  reasoning: price.optional(),
  date: z.iso.date().optional(),
});

const budgetSchema = z
  .strictObject({
    tenant: name.optional(),
    model: name.optional(),
    field: name.optional(),
    window: z.enum(['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL']),
    limitUsd: z.number().positive().max(9_000_000).optional(),
    limitTokens: count.optional(),
    action: z.enum(['BLOCK', 'WARN', 'DOWNGRADE']).default('BLOCK'),
    downgradeTo: name.optional(),
    unpriced: z.enum(['ALLOW', 'BLOCK']).default('ALLOW'),
  })
  .refine((budget) => budget.limitUsd !== undefined || budget.limitTokens !== undefined, {
    error: 'a budget needs limitUsd or limitTokens',
  })
  .refine((budget) => (budget.action === 'DOWNGRADE') === (budget.downgradeTo !== undefined), {
    error: 'downgradeTo goes with the action DOWNGRADE, and only with it',
    path: ['downgradeTo'],
  })
  .transform(
    ({ limitUsd, limitTokens, ...budget }): Budget => ({
      ...budget,
      limitNanoUsd: limitUsd === undefined ? null : toNanoUsd(limitUsd),
      limitTokens: limitTokens ?? null,
    }),
  );

const limitsSchema = z
  .strictObject({
    requestsPerMinute: count.nullable().default(null),
    tokensPerMinute: count.nullable().default(null),
    inFlight: count.nullable().default(null),
  })
  .transform((limits): TenantLimits => limits);

/** The parts of `models.yaml` that are about money: its reader puts this shape among its own. */
export const moneyShape = {
  budgets: z.array(budgetSchema).max(200).default([]),
  /** How fast a tenant may go: by name, and `default` for all others. */
  tenantLimits: z.record(name, limitsSchema).default({}),
  /** How long single calls are remembered for reports; budgets of a window that is over are forgotten with it. */
  usageRetentionDays: z.int().min(1).max(3_650).default(400),
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
