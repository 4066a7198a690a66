import type { Budget, BudgetNotice, CallScope, TenantLimits } from './contract.ts';
import { formatUsd } from './dollars.ts';
import type { CounterRow } from './tables.ts';
import { windowAt } from './windows.ts';

const minuteMs = 60_000;

/** A counter as its key tells it. Budgets of the same scope and window share one, whatever their limits. */
export type Counter = Pick<
  CounterRow,
  'key' | 'kind' | 'window' | 'tenant' | 'model' | 'field' | 'window_start' | 'window_end'
>;

/** A budget with the counter that says whether a call still fits. */
export interface CountedBudget {
  readonly budget: Budget;
  readonly counter: Counter;
}

/** What a call has to fit into. */
export interface CallCounters {
  /** Whatever model answers. */
  readonly ofCall: readonly CountedBudget[];
  /** Only when that target answers. */
  readonly ofModels: ReadonlyMap<string, readonly CountedBudget[]>;
}

/** The budgets that a call falls under. A budget's `model` is an alias, a target, or `*` for each target on its own. */
export function countersOfCall(
  budgets: readonly Budget[],
  call: CallScope & { readonly models: readonly string[] },
  moment: number,
): CallCounters {
  const ofCall: CountedBudget[] = [];
  const ofModels = new Map<string, CountedBudget[]>(call.models.map((model) => [model, []]));
  for (const budget of budgets) {
    if (!covers(budget.tenant, call.tenant) || !covers(budget.field, call.field)) continue;
    const scope = {
      tenant: budget.tenant === undefined ? null : call.tenant,
      field: budget.field === undefined ? null : call.field,
    };
    const counted = (model: string | null): CountedBudget => ({
      budget,
      counter: budgetCounter({ ...scope, model }, budget.window, moment),
    });
    if (budget.model === undefined) ofCall.push(counted(null));
    else if (budget.model === call.alias) ofCall.push(counted(call.alias));
    else {
      for (const [model, list] of ofModels) if (covers(budget.model, model)) list.push(counted(model));
    }
  }
  return { ofCall, ofModels };
}

/** All budgets of a call, whoever answers. */
export function budgetsOfCall({ ofCall, ofModels }: CallCounters): readonly CountedBudget[] {
  return [...ofCall, ...[...ofModels.values()].flat()];
}

export function uniqueCounters(counters: readonly Counter[]): readonly Counter[] {
  return [...new Map(counters.map((counter) => [counter.key, counter])).values()];
}

function covers(pattern: string | undefined, name: string): boolean {
  return pattern === undefined || pattern === '*' || pattern === name;
}

type Scope = Pick<CounterRow, 'tenant' | 'model' | 'field'>;

export function budgetCounter(scope: Scope, window: Budget['window'], moment: number): Counter {
  return counter('BUDGET', scope, window, windowAt(window, moment).start);
}

/** What a key says, the other way round. */
export function counterOfKey(key: string): Counter {
  const [kind, window, start, tenant, model, field] = JSON.parse(key) as [
    Counter['kind'],
    Budget['window'],
    number,
    string | null,
    string | null,
    string | null,
  ];
  return counter(kind, { tenant, model, field }, window, start);
}

function counter(
  kind: Counter['kind'],
  { tenant, model, field }: Scope,
  window: Budget['window'],
  start: number,
): Counter {
  const { end } = windowAt(window, start);
  return {
    key: JSON.stringify([kind, window, start, tenant, model, field]),
    kind,
    window,
    tenant,
    model,
    field,
    window_start: start,
    // a minute's rate is kept as long again, for the next minute to look back at
    window_end: kind === 'RATE' && end !== null ? end + minuteMs : end,
  };
}

/** The minute that a call falls into, the one before it, and the calls under way. */
export interface TenantCounters {
  readonly minute: Counter;
  readonly lastMinute: Counter;
  readonly inFlight: Counter;
}

export function tenantCounters(tenant: string, moment: number): TenantCounters {
  const scope = { tenant, model: null, field: null };
  const { start } = windowAt('MINUTE', moment);
  return {
    minute: counter('RATE', scope, 'MINUTE', start),
    lastMinute: counter('RATE', scope, 'MINUTE', start - minuteMs),
    inFlight: counter('IN_FLIGHT', scope, 'TOTAL', 0),
  };
}

export function isLimited(limits: TenantLimits): boolean {
  return limits.requestsPerMinute !== null || limits.tokensPerMinute !== null || limits.inFlight !== null;
}

/** `tenant=acme field=Product.reviewDigest`; `all` where everything counts together. */
export function scopeText({ tenant, model, field }: Scope): string {
  const parts = Object.entries({ tenant, model, field }).filter(([, name]) => name !== null);
  return parts.map(([dimension, name]) => `${dimension}=${name}`).join(' ') || 'all';
}

export function budgetNotice(
  { budget, counter: { window_end: end, ...scope } }: CountedBudget,
  row: CounterRow,
  reason: BudgetNotice['reason'],
): BudgetNotice {
  return {
    scope: scopeText(scope),
    window: budget.window,
    reason,
    limitUsd: budget.limitNanoUsd === null ? null : formatUsd(budget.limitNanoUsd),
    spentUsd: formatUsd(row.spent_nano_usd),
    reservedUsd: formatUsd(row.reserved_nano_usd),
    limitTokens: budget.limitTokens,
    spentTokens: row.spent_tokens,
    reservedTokens: row.reserved_tokens,
    resetsAt: end === null ? null : new Date(end).toISOString(),
  };
}
