import type { Migration } from 'kysely';

/** What one scope has spent in one window; a row is locked before it is read and changed. */
export interface CounterRow {
  /** See `counters.ts`. */
  key: string;
  kind: 'BUDGET' | 'RATE' | 'IN_FLIGHT';
  window: string;
  tenant: string | null;
  model: string | null;
  field: string | null;
  /** Milliseconds since 1970. */
  window_start: number;
  window_end: number | null;
  /** Grows each time the row is locked for writing: 0 tells that it was made by this very statement. */
  touched: number;
  calls: number;
  spent_nano_usd: number;
  spent_tokens: number;
  reserved_nano_usd: number;
  reserved_tokens: number;
}

export interface ReservationRow {
  id: string;
  /** `EXPIRED`: the worst case was charged, and is corrected should the call still be settled. */
  status: 'HELD' | 'EXPIRED';
  tenant: string;
  alias: string;
  field: string;
  /** JSON array of names. */
  models: string;
  /** JSON: what was added to which counter, `[[key, nanoUsd, tokens], …]`. */
  holds: string;
  nano_usd: number | null;
  input_tokens: number;
  output_tokens: number;
  started_at: number;
  expires_at: number;
}

/** One charge. Rows are never changed: what turns out otherwise is put right by further rows. */
export interface UsageRowRecord {
  id: string;
  started_at: number;
  tenant: string;
  alias: string;
  model: string;
  field: string;
  /** 1 in the first row of a request, 0 in further ones, -1 where a row is taken back. */
  calls: number;
  cached: number;
  failed: number;
  attempts: number;
  input_tokens: number;
  cached_input_tokens: number;
  cache_write_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  /** 1 when the tokens are a guess. */
  estimated: number;
  /** `null`: the price is not known. */
  nano_usd: number | null;
}

export interface MoneyTables {
  ai_counters: CounterRow;
  ai_reservations: ReservationRow;
  ai_usage: UsageRowRecord;
}

/** Counters, reservations and usage, in both databases. */
export const moneyTables: Migration = {
  async up(db) {
    await db.schema
      .createTable('ai_counters')
      .addColumn('key', 'text', (column) => column.primaryKey())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('window', 'text', (column) => column.notNull())
      .addColumn('tenant', 'text')
      .addColumn('model', 'text')
      .addColumn('field', 'text')
      .addColumn('window_start', 'bigint', (column) => column.notNull())
      .addColumn('window_end', 'bigint')
      .addColumn('touched', 'bigint', (column) => column.notNull())
      .addColumn('calls', 'bigint', (column) => column.notNull())
      .addColumn('spent_nano_usd', 'bigint', (column) => column.notNull())
      .addColumn('spent_tokens', 'bigint', (column) => column.notNull())
      .addColumn('reserved_nano_usd', 'bigint', (column) => column.notNull())
      .addColumn('reserved_tokens', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('ai_counters_by_end')
      .on('ai_counters')
      .columns(['kind', 'window_end', 'tenant'])
      .execute();
    await db.schema
      .createTable('ai_reservations')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('alias', 'text', (column) => column.notNull())
      .addColumn('field', 'text', (column) => column.notNull())
      .addColumn('models', 'text', (column) => column.notNull())
      .addColumn('holds', 'text', (column) => column.notNull())
      .addColumn('nano_usd', 'bigint')
      .addColumn('input_tokens', 'bigint', (column) => column.notNull())
      .addColumn('output_tokens', 'bigint', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('ai_reservations_by_expiry')
      .on('ai_reservations')
      .columns(['status', 'expires_at'])
      .execute();
    await db.schema
      .createTable('ai_usage')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('tenant', 'text', (column) => column.notNull())
      .addColumn('alias', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('field', 'text', (column) => column.notNull())
      .addColumn('calls', 'integer', (column) => column.notNull())
      .addColumn('cached', 'integer', (column) => column.notNull())
      .addColumn('failed', 'integer', (column) => column.notNull())
      .addColumn('attempts', 'integer', (column) => column.notNull())
      .addColumn('input_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cached_input_tokens', 'bigint', (column) => column.notNull())
      .addColumn('cache_write_tokens', 'bigint', (column) => column.notNull())
      .addColumn('output_tokens', 'bigint', (column) => column.notNull())
      .addColumn('reasoning_tokens', 'bigint', (column) => column.notNull())
      .addColumn('estimated', 'integer', (column) => column.notNull())
      .addColumn('nano_usd', 'bigint')
      .execute();
    await db.schema.createIndex('ai_usage_by_time').on('ai_usage').columns(['started_at']).execute();
    await db.schema
      .createIndex('ai_usage_by_tenant')
      .on('ai_usage')
      .columns(['tenant', 'started_at'])
      .execute();
  },
};
