import type { CallScope, Settlement } from './contract.ts';
import type { UsageRowRecord } from './tables.ts';

/** What identifies the rows of one request. */
export interface UsageRowsOf {
  readonly id: string;
  readonly startedAt: number;
  readonly settlement: Settlement;
  readonly isCached?: boolean;
}

/** A row for each model that billed something; the request itself counts in the first. */
export function usageRows(
  scope: CallScope,
  { id, startedAt, settlement, isCached = false }: UsageRowsOf,
): UsageRowRecord[] {
  const { charges, attempts, outcome } = settlement;
  if (charges.length === 0) throw new Error('A settlement names at least the model that was asked.');
  return charges.map(({ model, usage, cost }, index) => ({
    id: `${id}-${index}`,
    started_at: startedAt,
    tenant: scope.tenant,
    alias: scope.alias,
    model,
    field: scope.field,
    calls: index === 0 ? 1 : 0,
    cached: index === 0 && isCached ? 1 : 0,
    failed: index === 0 && outcome === 'FAILED' ? 1 : 0,
    attempts: index === 0 ? attempts : 0,
    input_tokens: usage.inputTokens,
    cached_input_tokens: usage.cachedInputTokens,
    cache_write_tokens: usage.cacheWriteTokens,
    output_tokens: usage.outputTokens,
    reasoning_tokens: usage.reasoningTokens,
    estimated: usage.estimated ? 1 : 0,
    nano_usd: cost.nanoUsd,
  }));
}
