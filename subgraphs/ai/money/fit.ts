import type { BudgetNotice, Estimate, TenantLimitNotice, TenantLimits } from './contract.ts';
import { budgetNotice, type CallCounters, type CountedBudget, type TenantCounters } from './counters.ts';
import type { CounterRow } from './tables.ts';

type Rows = ReadonlyMap<string, CounterRow>;

/** Whether a call may go, as far as budgets are concerned. */
export type Fit =
  | { readonly kind: 'fits'; readonly models: readonly string[]; readonly warnings: readonly BudgetNotice[] }
  | { readonly kind: 'downgrade'; readonly alias: string; readonly notice: BudgetNotice }
  | { readonly kind: 'refused'; readonly notice: BudgetNotice };

/** A call as its budgets see it. */
export interface FittedCall {
  readonly alias: string;
  readonly estimate: Estimate;
  readonly downgradedFrom: readonly string[];
}

/**
 * Holds a call against the counters of its budgets. Targets whose own budgets are used up are left out; a call is sent to
 * another alias before it is refused, since all its budgets are asked again there, with the estimate of that alias.
 */
export function fitBudgets({ ofCall, ofModels }: CallCounters, rows: Rows, call: FittedCall): Fit {
  const whole = judge(ofCall, rows, call);
  if (whole.verdict) return whole.verdict;
  const warnings = [...whole.warnings];
  const models: string[] = [];
  const verdicts: Verdict[] = [];
  for (const [model, budgets] of ofModels) {
    const one = judge(budgets, rows, call);
    if (one.verdict) verdicts.push(one.verdict);
    else {
      models.push(model);
      warnings.push(...one.warnings);
    }
  }
  const verdict = verdicts.find(({ kind }) => kind === 'downgrade') ?? verdicts[0];
  return models.length === 0 && verdict ? verdict : { kind: 'fits', models, warnings };
}

type Verdict = Exclude<Fit, { kind: 'fits' }>;

interface Judgement {
  readonly verdict: Verdict | null;
  readonly warnings: readonly BudgetNotice[];
}

function judge(budgets: readonly CountedBudget[], rows: Rows, call: FittedCall): Judgement {
  const warnings: BudgetNotice[] = [];
  let refusal: Verdict | null = null;
  for (const counted of budgets) {
    const notice = noticeOf(counted, rows, call.estimate);
    if (!notice) continue;
    const { action, downgradeTo } = counted.budget;
    // where a budget sends calls to, they may go on
    if (action === 'WARN' || (action === 'DOWNGRADE' && downgradeTo === call.alias)) warnings.push(notice);
    else if (action === 'DOWNGRADE' && downgradeTo && !call.downgradedFrom.includes(downgradeTo)) {
      return { verdict: { kind: 'downgrade', alias: downgradeTo, notice }, warnings };
    } else refusal ??= { kind: 'refused', notice };
  }
  return { verdict: refusal, warnings };
}

function noticeOf(counted: CountedBudget, rows: Rows, estimate: Estimate): BudgetNotice | null {
  const row = rows.get(counted.counter.key);
  if (!row) throw new Error(`The counter ${counted.counter.key} was not locked.`);
  const { limitNanoUsd, limitTokens, unpriced } = counted.budget;
  if (limitNanoUsd !== null && estimate.nanoUsd === null && unpriced === 'BLOCK') {
    return budgetNotice(counted, row, 'UNPRICED');
  }
  const tokens = estimate.inputTokens + estimate.maxOutputTokens;
  const exceeds =
    (limitNanoUsd !== null &&
      estimate.nanoUsd !== null &&
      row.spent_nano_usd + row.reserved_nano_usd + estimate.nanoUsd > limitNanoUsd) ||
    (limitTokens !== null && row.spent_tokens + row.reserved_tokens + tokens > limitTokens);
  return exceeds ? budgetNotice(counted, row, 'LIMIT') : null;
}

export interface PacedCall {
  readonly tokens: number;
  readonly now: number;
  /** A further upstream call of a request that was let in already adds tokens only. */
  readonly isFurther: boolean;
}

/** Holds a call against its tenant's limits of speed. */
export function fitTenantLimits(
  limits: TenantLimits,
  counters: TenantCounters,
  rows: Rows,
  { tokens, now, isFurther }: PacedCall,
): TenantLimitNotice | null {
  const minute = rows.get(counters.minute.key);
  const lastMinute = rows.get(counters.lastMinute.key);
  const inFlight = rows.get(counters.inFlight.key);
  if (!isFurther && limits.inFlight !== null && (inFlight?.calls ?? 0) >= limits.inFlight) {
    // there is no telling when one ends
    return { limit: 'IN_FLIGHT', max: limits.inFlight, retryAfterMs: 1_000 };
  }
  const elapsedMs = now - counters.minute.window_start;
  if (!isFurther && limits.requestsPerMinute !== null) {
    const waitMs = waitForRoom({
      before: lastMinute?.calls ?? 0,
      current: minute?.calls ?? 0,
      wanted: 1,
      max: limits.requestsPerMinute,
      elapsedMs,
    });
    if (waitMs !== 0) {
      return { limit: 'REQUESTS_PER_MINUTE', max: limits.requestsPerMinute, retryAfterMs: waitMs };
    }
  }
  if (limits.tokensPerMinute !== null) {
    const used = (row: CounterRow | undefined): number => (row ? row.spent_tokens + row.reserved_tokens : 0);
    const waitMs = waitForRoom({
      before: used(lastMinute),
      current: used(minute),
      wanted: tokens,
      max: limits.tokensPerMinute,
      elapsedMs,
    });
    if (waitMs !== 0) {
      return { limit: 'TOKENS_PER_MINUTE', max: limits.tokensPerMinute, retryAfterMs: waitMs };
    }
  }
  return null;
}

const minuteMs = 60_000;
/** Floating-point noise must not make a caller who waited as told wait again. */
const noise = 1e-6;

interface Pace {
  /** Used in the minute before this one, and in this one so far. */
  readonly before: number;
  readonly current: number;
  readonly wanted: number;
  readonly max: number;
  /** Since this minute began. */
  readonly elapsedMs: number;
}

/**
 * A sliding window from two fixed ones: the minute before counts by the part of it that the last 60 seconds still cover, as
 * if it had been used evenly.
 *
 * @returns how long to wait; 0: there is room, `null`: there never will be
 */
function waitForRoom({ before, current, wanted, max, elapsedMs }: Pace): number | null {
  if (wanted > max) return null;
  if (before * (1 - elapsedMs / minuteMs) + current + wanted <= max + noise) return 0;
  const room = max - wanted - current;
  const waitMs =
    room >= 0
      ? // within this minute what was used before fades away
        minuteMs * (1 - room / before) - elapsedMs
      : // in the next one what is used now does
        2 * minuteMs - elapsedMs - (minuteMs * (max - wanted)) / current;
  return Math.max(1, Math.ceil(waitMs - noise));
}
