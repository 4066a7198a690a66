import { AiError } from '../errors.ts';
import { targetsOf } from '../models/aliasTargets.ts';
import type { Availability } from '../models/availability.ts';
import type { Alias, Models, Target } from '../models/models.ts';
import type {
  BudgetNotice,
  Charge,
  Decision,
  Estimate,
  Ledger,
  PriceList,
  Reservation,
} from '../money/contract.ts';
import { estimateCost } from '../money/prices.ts';
import { noTokens } from '../money/tokenUsage.ts';
import type { ChainRecord } from './chain.ts';
import type { ModelCall } from './modelCall.ts';
import { pricedModel } from './pricedModel.ts';
import { maxOutputTokensOf } from './providerRequest.ts';
import { estimateInput } from './tokens.ts';

/** How much later than its deadline a call that was never settled is charged: its process may be slow, not dead. */
const expiryMarginMs = 60_000;

export interface Reserved {
  /** What the budgets leave of the alias, or of the alias that the call was sent to instead. */
  readonly targets: readonly Target[];
  /** Budgets with `WARN` that the call exceeds. */
  readonly warnings: readonly BudgetNotice[];
  /**
   * Puts one more attempt aside, by what is sent then: a repair turn is longer than the call was.
   *
   * @throws AiError AI_BUDGET_EXCEEDED or AI_TENANT_LIMIT
   */
  extend(next: { readonly target: Target; readonly call: ModelCall }): Promise<void>;
  settle(record: ChainRecord, end: SettleEnd): Promise<readonly Charge[]>;
}

interface SettleEnd {
  readonly outcome: 'OK' | 'FAILED';
  /** Stands for a call that never reached a target. */
  readonly firstTarget: Target | undefined;
}

interface ReserveParts {
  readonly call: ModelCall;
  readonly models: Models;
  readonly ledger: Ledger;
  readonly prices: PriceList;
  readonly availability: Availability;
}

/**
 * Puts the worst case of a call aside before anything is sent: check-then-charge lets parallel calls, which federation
 * makes by nature, spend a budget many times over.
 *
 * @throws AiError AI_BUDGET_EXCEEDED, AI_TENANT_LIMIT, or AI_NO_MODEL
 */
export async function reserveCall({
  call,
  models,
  ledger,
  prices,
  availability,
}: ReserveParts): Promise<Reserved> {
  const downgradedFrom: string[] = [];
  for (let alias: Alias = call.alias; ; ) {
    const targets = targetsOf(alias, { models, availability });
    const estimate = estimateOf({ ...call, alias }, targets, prices);
    const decision = await ledger.reserve({
      tenant: call.tenant,
      alias: alias.name,
      field: call.field,
      models: targets.map(({ id }) => id),
      estimate,
      expiresInMs: (call.options.timeoutMs ?? alias.timeouts.totalMs) + expiryMarginMs,
      downgradedFrom,
    });
    if (decision.kind === 'downgrade') {
      downgradedFrom.push(alias.name);
      const next = models.aliases.get(decision.alias);
      if (next === undefined || next.kind !== 'text') throw budgetError(decision.notice);
      alias = next;
      continue;
    }
    if (decision.kind === 'refused') throw refusalOf(decision);
    const { reservation, models: left } = decision;
    return {
      targets: targets.filter(({ id }) => left.includes(id)),
      warnings: decision.warnings,
      async extend(next) {
        const further = estimateOf({ ...next.call, alias }, [next.target], prices);
        const more = await reservation.extend({ ...further, models: [next.target.id] });
        if (more.kind === 'refused') throw refusalOf(more);
      },
      settle: (record, end) => settle({ reservation, prices, record, end }),
    };
  }
}

function estimateOf(call: ModelCall, targets: readonly Target[], prices: PriceList): Estimate {
  return estimateCost(prices, targets.map(pricedModel), {
    inputTokens: estimateInput(call.messages, call.output),
    maxOutputTokens: Math.max(...targets.map((target) => maxOutputTokensOf(call, target))),
  });
}

async function settle({
  reservation,
  prices,
  record,
  end,
}: {
  readonly reservation: Reservation;
  readonly prices: PriceList;
  readonly record: ChainRecord;
  readonly end: SettleEnd;
}): Promise<readonly Charge[]> {
  const charges = record.billed.map(({ target, usage }) => ({
    model: target.id,
    usage,
    cost: prices.priceOf(pricedModel(target), usage),
  }));
  const { attempts } = record;
  const model = attempts.at(-1)?.model ?? end.firstTarget?.id;
  if (attempts.length === 0 || model === undefined) {
    await reservation.release();
    return charges;
  }
  // a call that failed without a bill is counted all the same
  const nothing: Charge = {
    model,
    usage: noTokens,
    cost: { nanoUsd: 0, source: 'UNKNOWN', priceDate: null },
  };
  await reservation.settle({
    charges: charges.length > 0 ? charges : [nothing],
    attempts: attempts.length,
    outcome: end.outcome,
  });
  return charges;
}

function refusalOf(decision: Extract<Decision, { kind: 'refused' }>): AiError {
  if (decision.code === 'AI_BUDGET_EXCEEDED') return budgetError(decision.details);
  const { retryAfterMs, ...details } = decision.details;
  return new AiError('AI_TENANT_LIMIT', 'The tenant asks too often; try again later.', {
    ...details,
    retryAfterMs: retryAfterMs ?? undefined,
  });
}

function budgetError(notice: object): AiError {
  return new AiError('AI_BUDGET_EXCEEDED', 'A budget does not allow this call.', { ...notice });
}
