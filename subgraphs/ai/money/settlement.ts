import type { Kysely } from 'kysely';
import type { Budget, CallScope, Charge, Settlement } from './contract.ts';
import { budgetsOfCall, counterOfKey, countersOfCall, uniqueCounters } from './counters.ts';
import { type Hold, holdsOf, modelsOf, noHold, scopeOf } from './holds.ts';
import {
  addition,
  addToCounters,
  deleteCallsBefore,
  deleteCounters,
  dueReservations,
  expireReservation,
  insertUsage,
  lockExisting,
  type MoneyTransaction,
  takeReservation,
} from './moneyRecords.ts';
import type { MoneySettings } from './moneySettings.ts';
import type { MoneyTables, ReservationRow, UsageRowRecord } from './tables.ts';
import { usageRows } from './usageRows.ts';

const dayMs = 86_400_000;

/** Charges what a reserved call came to, and gives back what it did not need. A second time changes nothing. */
export async function settle(
  transaction: MoneyTransaction,
  id: string,
  { settlement, budgets }: { readonly settlement: Settlement; readonly budgets: readonly Budget[] },
): Promise<void> {
  const row = await takeReservation(transaction, id);
  if (!row) return;
  const takenBack = row.status === 'EXPIRED' ? worstCharge(row) : null;
  await closeCounters(transaction, { row, charges: settlement.charges, budgets, takenBack });
  const rows = usageRows(scopeOf(row), { id, startedAt: row.started_at, settlement });
  await insertUsage(transaction, takenBack ? [reversed(expiredRow(row)), ...rows] : rows);
}

/** Undoes a reservation whose call was never sent. */
export async function release(transaction: MoneyTransaction, id: string): Promise<void> {
  const row = await takeReservation(transaction, id);
  if (!row) return;
  const takenBack = row.status === 'EXPIRED' ? worstCharge(row) : null;
  await closeCounters(transaction, { row, charges: [], budgets: [], takenBack, isReleased: true });
  if (takenBack) await insertUsage(transaction, [reversed(expiredRow(row))]);
}

/** Charges the worst case of reservations whose time is over, and forgets what is older than the retention. */
export async function sweepMoney(
  db: Kysely<MoneyTables>,
  { budgets, usageRetentionDays }: MoneySettings,
  now: number,
): Promise<void> {
  for (const id of await dueReservations(db, now)) {
    await db.transaction().execute(async (transaction) => {
      // another process may be faster, and so may the call
      const row = await expireReservation(transaction, id);
      if (!row) return;
      await closeCounters(transaction, { row, charges: [worstCharge(row)], budgets, takenBack: null });
      await insertUsage(transaction, [expiredRow(row)]);
    });
  }
  await deleteCounters(db, 'RATE', now);
  // a call of a window that is over may still be settled, which takes minutes
  await deleteCounters(db, 'BUDGET', now - dayMs);
  await deleteCallsBefore(db, now - usageRetentionDays * dayMs);
}

interface Closing {
  readonly row: ReservationRow;
  readonly charges: readonly Charge[];
  /** Those of now: a budget that came after the reservation is charged as well. */
  readonly budgets: readonly Budget[];
  /** What was charged when the reservation's time was over, and is no longer true. */
  readonly takenBack: Charge | null;
  /** Nothing was sent, so the call does not count for the rate. */
  readonly isReleased?: boolean;
}

async function closeCounters(transaction: MoneyTransaction, closing: Closing): Promise<void> {
  const { row, charges, budgets, takenBack, isReleased = false } = closing;
  const holds = new Map(holdsOf(row).map((hold) => [hold[0], hold]));
  const call = { ...scopeOf(row), models: charges.map(({ model }) => model) };
  const counters = uniqueCounters([
    ...[...holds.keys()].map(counterOfKey),
    ...budgetsOfCall(countersOfCall(budgets, call, row.started_at)).map(({ counter }) => counter),
  ]);
  // a counter that is not there: of a window that was forgotten, or new and to be filled from the usage by the next call
  const existing = await lockExisting(transaction, counters);
  const additions = counters
    .filter(({ key }) => existing.has(key))
    .map((counter) => {
      // a reservation that expired has given everything back already
      if (counter.kind === 'IN_FLIGHT') return addition(counter, { calls: takenBack ? 0 : -1 });
      const [, heldNanoUsd, heldTokens]: Hold = takenBack ? noHold : (holds.get(counter.key) ?? noHold);
      const counts = ({ model }: Charge): boolean =>
        counter.model === null || counter.model === row.alias || counter.model === model;
      const plus = sumOf(charges.filter(counts));
      const minus = sumOf(takenBack && counts(takenBack) ? [takenBack] : []);
      return addition(counter, {
        calls: counter.kind === 'RATE' && isReleased ? -1 : 0,
        spentNanoUsd: counter.kind === 'RATE' ? 0 : plus.nanoUsd - minus.nanoUsd,
        spentTokens: plus.tokens - minus.tokens,
        reservedNanoUsd: -heldNanoUsd,
        reservedTokens: -heldTokens,
      });
    });
  await addToCounters(transaction, additions);
}

/** Of several targets the first is taken to have answered. */
function worstCharge(row: ReservationRow): Charge {
  return {
    model: modelsOf(row)[0] ?? row.alias,
    usage: {
      inputTokens: row.input_tokens,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      outputTokens: row.output_tokens,
      reasoningTokens: 0,
      estimated: true,
    },
    cost: { nanoUsd: row.nano_usd, source: 'UNKNOWN', priceDate: null },
  };
}

function expiredRow(row: ReservationRow): UsageRowRecord {
  const settlement: Settlement = { charges: [worstCharge(row)], attempts: 1, outcome: 'FAILED' };
  const scope: CallScope = scopeOf(row);
  const [expired] = usageRows(scope, { id: `${row.id}-expired`, startedAt: row.started_at, settlement });
  if (!expired) throw new Error('A settlement makes at least one row.');
  return expired;
}

function reversed(row: UsageRowRecord): UsageRowRecord {
  return {
    ...row,
    id: `${row.id}-reversed`,
    calls: -row.calls,
    failed: -row.failed,
    attempts: -row.attempts,
    input_tokens: -row.input_tokens,
    output_tokens: -row.output_tokens,
    estimated: 0,
    nano_usd: row.nano_usd === null ? null : -row.nano_usd,
  };
}

function sumOf(charges: readonly Charge[]): { readonly nanoUsd: number; readonly tokens: number } {
  let [nanoUsd, tokens] = [0, 0];
  for (const { cost, usage } of charges) {
    nanoUsd += cost.nanoUsd ?? 0;
    tokens += usage.inputTokens + usage.outputTokens;
  }
  return { nanoUsd, tokens };
}
