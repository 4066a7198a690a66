import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Decision, Estimate, FurtherCall, Ledger, Reservation, ReserveRequest } from './contract.ts';
import {
  budgetsOfCall,
  type CallCounters,
  type Counter,
  countersOfCall,
  isLimited,
  tenantCounters,
  uniqueCounters,
} from './counters.ts';
import { fitBudgets, fitTenantLimits } from './fit.ts';
import { type Hold, holdsOf, mergeHolds, modelsOf, scopeOf } from './holds.ts';
import {
  addition,
  addToCounters,
  dueReservations,
  fillCounter,
  holdReservation,
  insertReservation,
  insertUsage,
  lockCounters,
  type MoneyTransaction,
} from './moneyRecords.ts';
import { type MoneySettings, tenantLimitsOf } from './moneySettings.ts';
import { budgetStates, usageReport } from './reports.ts';
import { release, settle, sweepMoney } from './settlement.ts';
import type { CounterRow, MoneyTables } from './tables.ts';
import { usageRows } from './usageRows.ts';

export interface LedgerOptions {
  /** The subgraph's database, with `moneyTables` in it. */
  readonly db: Kysely<MoneyTables>;
  /** Asked before each call. */
  readonly settings: () => MoneySettings;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  readonly sweepIntervalMs?: number;
  /** A sweep that failed; the next one tries again. */
  readonly onSweepError?: (error: unknown) => void;
}

/**
 * The ledger over one database. Several processes may share the database: each decision is one transaction that holds the
 * counters it reads, so what they grant together stays within the limits.
 *
 * A process that dies between reserving and settling leaves its reservation behind. The call may have been answered and
 * billed, so when the reservation's time is over its worst case is charged, marked as estimated and failed; it is never
 * dropped. Should the call be settled after all, the difference is put right.
 */
export function openLedger(options: LedgerOptions): Ledger {
  const { db, settings, now = Date.now, sweepIntervalMs = 15_000, onSweepError = () => {} } = options;
  let sweeping: Promise<void> | null = null;

  function sweep(): Promise<void> {
    sweeping ??= sweepMoney(db, settings(), now()).finally(() => {
      sweeping = null;
    });
    return sweeping;
  }
  const timer = setInterval(() => void sweep().catch(onSweepError), sweepIntervalMs);
  timer.unref();

  function reservationOf(id: string): Reservation {
    return {
      id,
      extend: (further) => inTransaction(db, (transaction) => extend(transaction, { id, further })),
      settle: (settlement) =>
        db
          .transaction()
          .execute((transaction) => settle(transaction, id, { settlement, budgets: settings().budgets })),
      release: () => db.transaction().execute((transaction) => release(transaction, id)),
    };
  }

  async function reserve(transaction: MoneyTransaction, request: ReserveRequest): Promise<Outcome<Decision>> {
    const moment = now();
    const { budgets } = settings();
    const limits = tenantLimitsOf(settings(), request.tenant);
    const called = countersOfCall(budgets, request, moment);
    const paced = isLimited(limits) ? tenantCounters(request.tenant, moment) : null;
    const { rows, hasMade } = await lockAndFill(transaction, called, paced ? Object.values(paced) : []);
    const { estimate } = request;
    const tokens = tokensOf(estimate);
    if (paced) {
      const details = fitTenantLimits(limits, paced, rows, { tokens, now: moment, isFurther: false });
      if (details) return { keep: hasMade, value: { kind: 'refused', code: 'AI_TENANT_LIMIT', details } };
    }
    const fit = fitBudgets(called, rows, {
      alias: request.alias,
      estimate,
      downgradedFrom: request.downgradedFrom ?? [],
    });
    if (fit.kind === 'downgrade') return { keep: hasMade, value: fit };
    if (fit.kind === 'refused') {
      return { keep: hasMade, value: { kind: 'refused', code: 'AI_BUDGET_EXCEEDED', details: fit.notice } };
    }
    const held = heldCounters(called, fit.models);
    const reserved = { reservedNanoUsd: estimate.nanoUsd ?? 0, reservedTokens: tokens };
    await addToCounters(transaction, [
      ...held.map((counter) => addition(counter, reserved)),
      ...(paced
        ? [
            addition(paced.minute, { calls: 1, reservedTokens: tokens }),
            addition(paced.inFlight, { calls: 1 }),
          ]
        : []),
    ]);
    const holds: Hold[] = held.map(({ key }) => [key, reserved.reservedNanoUsd, tokens]);
    if (paced) holds.push([paced.minute.key, 0, tokens], [paced.inFlight.key, 0, 0]);
    const id = newId(moment);
    await insertReservation(transaction, {
      id,
      status: 'HELD',
      tenant: request.tenant,
      alias: request.alias,
      field: request.field,
      models: JSON.stringify(fit.models),
      holds: JSON.stringify(holds),
      nano_usd: estimate.nanoUsd,
      input_tokens: estimate.inputTokens,
      output_tokens: estimate.maxOutputTokens,
      started_at: moment,
      expires_at: moment + request.expiresInMs,
    });
    const { models, warnings } = fit;
    return { keep: true, value: { kind: 'reserved', reservation: reservationOf(id), models, warnings } };
  }

  async function extend(
    transaction: MoneyTransaction,
    { id, further: estimate }: { readonly id: string; readonly further: FurtherCall },
  ): Promise<Outcome<Exclude<Decision, { kind: 'downgrade' }>>> {
    const row = await holdReservation(transaction, id);
    if (!row) throw new Error(`The reservation ${id} is settled, released or expired.`);
    const moment = now();
    const limits = tenantLimitsOf(settings(), row.tenant);
    const call = { ...scopeOf(row), models: estimate.models ?? modelsOf(row) };
    // what a request takes is counted where it began
    const called = countersOfCall(settings().budgets, call, row.started_at);
    const paced = isLimited(limits) ? tenantCounters(row.tenant, moment) : null;
    const { rows, hasMade } = await lockAndFill(
      transaction,
      called,
      paced ? [paced.minute, paced.lastMinute] : [],
    );
    const tokens = tokensOf(estimate);
    if (paced) {
      const details = fitTenantLimits(limits, paced, rows, { tokens, now: moment, isFurther: true });
      if (details) return { keep: hasMade, value: { kind: 'refused', code: 'AI_TENANT_LIMIT', details } };
    }
    const downgradedFrom = settings().budgets.flatMap(({ downgradeTo }) => downgradeTo ?? []);
    const fit = fitBudgets(called, rows, { alias: row.alias, estimate, downgradedFrom });
    if (fit.kind !== 'fits') {
      return { keep: hasMade, value: { kind: 'refused', code: 'AI_BUDGET_EXCEEDED', details: fit.notice } };
    }
    const held = heldCounters(called, fit.models);
    const reserved = { reservedNanoUsd: estimate.nanoUsd ?? 0, reservedTokens: tokens };
    const additions = held.map((counter) => addition(counter, reserved));
    if (paced) additions.push(addition(paced.minute, { reservedTokens: tokens }));
    await addToCounters(transaction, additions);
    const more = additions.map(({ counter, reservedNanoUsd, reservedTokens }): Hold => {
      return [counter.key, reservedNanoUsd, reservedTokens];
    });
    await transaction
      .updateTable('ai_reservations')
      .set({
        // a target that was left out is not put aside in full, so the worst case cannot be charged to it
        models: JSON.stringify(fit.models),
        holds: JSON.stringify(mergeHolds([...holdsOf(row), ...more])),
        nano_usd: row.nano_usd === null || estimate.nanoUsd === null ? null : row.nano_usd + estimate.nanoUsd,
        input_tokens: row.input_tokens + estimate.inputTokens,
        output_tokens: row.output_tokens + estimate.maxOutputTokens,
      })
      .where('id', '=', id)
      .execute();
    const { models, warnings } = fit;
    return { keep: true, value: { kind: 'reserved', reservation: reservationOf(id), models, warnings } };
  }

  return {
    async reserve(request) {
      if (request.models.length === 0) throw new Error('A call needs at least one target.');
      const decide = (): Promise<Decision> =>
        inTransaction(db, (transaction) => reserve(transaction, request));
      const decision = await decide();
      if (decision.kind !== 'refused' || decision.code !== 'AI_TENANT_LIMIT') return decision;
      if (decision.details.limit !== 'IN_FLIGHT') return decision;
      // the calls of a process that died are no longer under way when their time is over
      const due = await dueReservations(db, now());
      if (due.length === 0) return decision;
      await sweep();
      return decide();
    },
    async record(entry) {
      const moment = now();
      const { cached: isCached, ...settlement } = entry;
      await insertUsage(db, usageRows(entry, { id: newId(moment), startedAt: moment, settlement, isCached }));
    },
    usage: (query) => usageReport(db, query),
    budgets: (tenant) => budgetStates(db, { budgets: settings().budgets, tenant, now: now() }),
    sweep,
    async close() {
      clearInterval(timer);
      await sweeping?.catch(onSweepError);
    },
  };
}

/** A result, and whether what the transaction wrote is kept. */
interface Outcome<Value> {
  readonly keep: boolean;
  readonly value: Value;
}

class Undone<Value> extends Error {
  readonly value: Value;

  constructor(value: Value) {
    super('rolled back on purpose');
    this.value = value;
  }
}

/** A refusal changes nothing, so it is rolled back: a storm of refused calls costs no write to the disk. */
async function inTransaction<Value>(
  db: Kysely<MoneyTables>,
  work: (transaction: MoneyTransaction) => Promise<Outcome<Value>>,
): Promise<Value> {
  try {
    return await db.transaction().execute(async (transaction) => {
      const { keep, value } = await work(transaction);
      if (!keep) throw new Undone(value);
      return value;
    });
  } catch (error) {
    if (error instanceof Undone) return error.value as Value;
    throw error;
  }
}

interface FilledCounters {
  readonly rows: ReadonlyMap<string, CounterRow>;
  /** Whether a row was made; it is kept even when the call is refused, so that it is filled once. */
  readonly hasMade: boolean;
}

async function lockAndFill(
  transaction: MoneyTransaction,
  called: CallCounters,
  further: readonly Counter[],
): Promise<FilledCounters> {
  const budgets = budgetsOfCall(called).map(({ counter }) => counter);
  const { rows, made } = await lockCounters(transaction, uniqueCounters([...budgets, ...further]));
  const filled = new Map(rows);
  for (const row of made) {
    if (row.kind === 'BUDGET') filled.set(row.key, await fillCounter(transaction, row));
  }
  return { rows: filled, hasMade: made.length > 0 };
}

function heldCounters({ ofCall, ofModels }: CallCounters, models: readonly string[]): readonly Counter[] {
  const ofLeft = models.flatMap((model) => ofModels.get(model) ?? []);
  return uniqueCounters([...ofCall, ...ofLeft].map(({ counter }) => counter));
}

const tokensOf = ({ inputTokens, maxOutputTokens }: Estimate): number => inputTokens + maxOutputTokens;
/** Ids of about the same time stand together in the index. */
const newId = (moment: number): string => `${moment.toString(36)}-${randomUUID()}`;
