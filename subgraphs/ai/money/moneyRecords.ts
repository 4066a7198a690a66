import { type Kysely, sql, type Transaction } from 'kysely';
import { isPostgres } from '../../host/database.ts';
import type { Counter } from './counters.ts';
import type { CounterRow, MoneyTables, ReservationRow, UsageRowRecord } from './tables.ts';

export type MoneyTransaction = Transaction<MoneyTables>;

/** What is added to a counter; parts may be negative. */
export interface Addition {
  readonly counter: Counter;
  readonly calls: number;
  readonly spentNanoUsd: number;
  readonly spentTokens: number;
  readonly reservedNanoUsd: number;
  readonly reservedTokens: number;
}

export function addition(counter: Counter, parts: Partial<Omit<Addition, 'counter'>>): Addition {
  return {
    counter,
    calls: 0,
    spentNanoUsd: 0,
    spentTokens: 0,
    reservedNanoUsd: 0,
    reservedTokens: 0,
    ...parts,
  };
}

export interface LockedCounters {
  readonly rows: ReadonlyMap<string, CounterRow>;
  /** Rows that this statement made. */
  readonly made: readonly CounterRow[];
}

const zero = {
  touched: 0,
  calls: 0,
  spent_nano_usd: 0,
  spent_tokens: 0,
  reserved_nano_usd: 0,
  reserved_tokens: 0,
};

/**
 * Locks counters until the transaction ends, and makes those that are missing.
 *
 * It writes even where it only needs to read: in PostgreSQL this locks each row, in the order of the keys, so that two
 * transactions never wait for each other in a circle; in SQLite a transaction that begins with a write waits for the
 * write lock under `busy_timeout`, while one that read first would be refused at once (SQLITE_BUSY_SNAPSHOT).
 */
export async function lockCounters(
  transaction: MoneyTransaction,
  counters: readonly Counter[],
): Promise<LockedCounters> {
  if (counters.length === 0) return { rows: new Map(), made: [] };
  const locked = await transaction
    .insertInto('ai_counters')
    .values(inKeyOrder(counters).map((counter) => ({ ...counter, ...zero })))
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((from) => ({ touched: from('ai_counters.touched', '+', 1) })),
    )
    .returningAll()
    .execute();
  return {
    rows: new Map(locked.map((row) => [row.key, row])),
    made: locked.filter((row) => row.touched === 0),
  };
}

/** Locks those of the counters that are there, in the order of their keys. */
export async function lockExisting(
  transaction: MoneyTransaction,
  counters: readonly Counter[],
): Promise<ReadonlySet<string>> {
  if (counters.length === 0) return new Set();
  const query = transaction
    .selectFrom('ai_counters')
    .select('key')
    .where(
      'key',
      'in',
      counters.map((counter) => counter.key),
    );
  // the order of `inKeyOrder`, whatever the collation of the database
  const rows = await (isPostgres(transaction)
    ? query.orderBy(sql`key collate "C"`).forUpdate()
    : query
  ).execute();
  return new Set(rows.map((row) => row.key));
}

/** Changes counters that the transaction has locked. */
export async function addToCounters(
  transaction: MoneyTransaction,
  additions: readonly Addition[],
): Promise<void> {
  if (additions.length === 0) return;
  await transaction
    .insertInto('ai_counters')
    .values(
      additions.map((addition) => ({
        ...addition.counter,
        touched: 0,
        calls: addition.calls,
        spent_nano_usd: addition.spentNanoUsd,
        spent_tokens: addition.spentTokens,
        reserved_nano_usd: addition.reservedNanoUsd,
        reserved_tokens: addition.reservedTokens,
      })),
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((from) => ({
        calls: from('ai_counters.calls', '+', from.ref('excluded.calls')),
        spent_nano_usd: from('ai_counters.spent_nano_usd', '+', from.ref('excluded.spent_nano_usd')),
        spent_tokens: from('ai_counters.spent_tokens', '+', from.ref('excluded.spent_tokens')),
        reserved_nano_usd: from('ai_counters.reserved_nano_usd', '+', from.ref('excluded.reserved_nano_usd')),
        reserved_tokens: from('ai_counters.reserved_tokens', '+', from.ref('excluded.reserved_tokens')),
      })),
    )
    .execute();
}

/**
 * Starts a new counter from the calls that its window has seen already: after a change of the budgets, spending of before
 * counts. In the ordinary case the window has just begun and there are none.
 */
export async function fillCounter(transaction: MoneyTransaction, row: CounterRow): Promise<CounterRow> {
  let query = transaction.selectFrom('ai_usage').where('started_at', '>=', row.window_start);
  if (row.window_end !== null) query = query.where('started_at', '<', row.window_end);
  const { tenant, field, model } = row;
  if (tenant !== null) query = query.where('tenant', '=', tenant);
  if (field !== null) query = query.where('field', '=', field);
  if (model !== null)
    query = query.where((from) => from.or([from('model', '=', model), from('alias', '=', model)]));
  const spent = await query
    .select((from) => [
      from.fn.coalesce(from.fn.sum<number>('nano_usd'), sql<number>`0`).as('nanoUsd'),
      from.fn.coalesce(sql<number>`sum(input_tokens + output_tokens)`, sql<number>`0`).as('tokens'),
    ])
    .executeTakeFirstOrThrow();
  if (spent.tokens === 0 && spent.nanoUsd === 0) return row;
  const filled = { spent_nano_usd: spent.nanoUsd, spent_tokens: spent.tokens };
  await transaction.updateTable('ai_counters').set(filled).where('key', '=', row.key).execute();
  return { ...row, ...filled };
}

export async function insertUsage(db: Kysely<MoneyTables>, rows: readonly UsageRowRecord[]): Promise<void> {
  await db.insertInto('ai_usage').values(rows).execute();
}

export async function insertReservation(transaction: MoneyTransaction, row: ReservationRow): Promise<void> {
  await transaction.insertInto('ai_reservations').values(row).execute();
}

/** Takes a reservation away, once: whoever gets the row settles it. */
export function takeReservation(
  transaction: MoneyTransaction,
  id: string,
): Promise<ReservationRow | undefined> {
  return transaction.deleteFrom('ai_reservations').where('id', '=', id).returningAll().executeTakeFirst();
}

/** Locks a reservation that is still held. */
export function holdReservation(
  transaction: MoneyTransaction,
  id: string,
): Promise<ReservationRow | undefined> {
  return transaction
    .updateTable('ai_reservations')
    .set({ status: 'HELD' })
    .where('id', '=', id)
    .where('status', '=', 'HELD')
    .returningAll()
    .executeTakeFirst();
}

/** Marks a reservation whose time is over, once. */
export function expireReservation(
  transaction: MoneyTransaction,
  id: string,
): Promise<ReservationRow | undefined> {
  return transaction
    .updateTable('ai_reservations')
    .set({ status: 'EXPIRED' })
    .where('id', '=', id)
    .where('status', '=', 'HELD')
    .returningAll()
    .executeTakeFirst();
}

export async function dueReservations(db: Kysely<MoneyTables>, now: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('ai_reservations')
    .select('id')
    .where('status', '=', 'HELD')
    .where('expires_at', '<=', now)
    .limit(1_000)
    .execute();
  return rows.map((row) => row.id);
}

/** Forgets calls, and reservations that nobody will settle any more. */
export async function deleteCallsBefore(db: Kysely<MoneyTables>, moment: number): Promise<void> {
  await db.deleteFrom('ai_usage').where('started_at', '<', moment).execute();
  await db
    .deleteFrom('ai_reservations')
    .where('status', '=', 'EXPIRED')
    .where('expires_at', '<', moment)
    .execute();
}

/** Forgets what windows counted that are over. */
export async function deleteCounters(
  db: Kysely<MoneyTables>,
  kind: CounterRow['kind'],
  endedBefore: number,
): Promise<void> {
  await db.deleteFrom('ai_counters').where('kind', '=', kind).where('window_end', '<', endedBefore).execute();
}

/** By the bytes of the keys, as PostgreSQL's collation "C" does: any order will do that is the same for everyone. */
function inKeyOrder(counters: readonly Counter[]): readonly Counter[] {
  const bytes = new Map(counters.map((counter) => [counter, Buffer.from(counter.key)]));
  const bytesOf = (counter: Counter): Buffer => bytes.get(counter) ?? Buffer.alloc(0);
  return [...counters].sort((one, other) => Buffer.compare(bytesOf(one), bytesOf(other)));
}
