import type { Kysely } from 'kysely';
import type { Budget, Ledger, ReserveRequest, Settlement } from '../../../../subgraphs/ai/money/contract.ts';
import { openLedger } from '../../../../subgraphs/ai/money/ledger.ts';
import type { MoneySettings } from '../../../../subgraphs/ai/money/moneySettings.ts';
import { type MoneyTables, moneyTables } from '../../../../subgraphs/ai/money/tables.ts';
import { noTokens } from '../../../../subgraphs/ai/money/tokenUsage.ts';
import { openDatabase } from '../../../../subgraphs/host/database.ts';
import { migrate } from '../../../../subgraphs/host/migrate.ts';
import { readSettings } from '../../../../subgraphs/host/settings.ts';

export const usd = 1_000_000_000;

/** A ledger over a database of its own, with a clock that the test turns. */
export interface TestMoney {
  readonly db: Kysely<MoneyTables>;
  readonly ledger: Ledger;
  /** The SQL that was run; tests empty it. */
  readonly statements: string[];
  settings: MoneySettings;
  /** Milliseconds since 1970. */
  time: number;
  /** Empties the tables, and begins again on Wednesday. */
  reset(settings?: Partial<MoneySettings>): Promise<void>;
  close(): Promise<void>;
}

/** Wednesday, 25 November 2026, 10:30:15 UTC. */
export const wednesday = Date.UTC(2026, 10, 25, 10, 30, 15);

const noSettings: MoneySettings = { budgets: [], tenantLimits: {}, usageRetentionDays: 400 };

export async function openMoney(url: string): Promise<TestMoney> {
  const { database } = readSettings({ name: 'ai', port: 0 }, { DATABASE_URL: url });
  const statements: string[] = [];
  const db = openDatabase<MoneyTables>(database, {
    onStatement: (event) => statements.push(event.query.sql),
  });
  await migrate(db, { '0001-money': moneyTables });
  const money: TestMoney = {
    db,
    ledger: openLedger({ db, settings: () => money.settings, now: () => money.time }),
    statements,
    settings: noSettings,
    time: wednesday,
    async reset(settings = {}) {
      await db.deleteFrom('ai_counters').execute();
      await db.deleteFrom('ai_reservations').execute();
      await db.deleteFrom('ai_usage').execute();
      money.settings = { ...noSettings, ...settings };
      money.time = wednesday;
    },
    async close() {
      await money.ledger.close();
      await db.destroy();
    },
  };
  return money;
}

/** A budget of a dollar a day for everyone together. */
export function budgetOf(given: Partial<Budget> = {}): Budget {
  return {
    window: 'DAY',
    limitNanoUsd: usd,
    limitTokens: null,
    action: 'BLOCK',
    unpriced: 'ALLOW',
    ...given,
  };
}

/** A call that may cost 15 cents and take 1500 tokens. */
export function callOf(given: Partial<ReserveRequest> = {}): ReserveRequest {
  return {
    tenant: 'acme',
    alias: 'default',
    field: 'Query.complete',
    models: ['openai/gpt-5-mini'],
    estimate: { inputTokens: 500, maxOutputTokens: 1_000, nanoUsd: 0.15 * usd },
    expiresInMs: 60_000,
    ...given,
  };
}

/** A call that came to 10 cents and 900 tokens. */
export function settlementOf(
  nanoUsd: number | null = 0.1 * usd,
  given: Partial<Settlement> = {},
): Settlement {
  return {
    charges: [
      {
        model: 'openai/gpt-5-mini',
        usage: { ...noTokens, inputTokens: 500, outputTokens: 400 },
        cost: { nanoUsd, source: nanoUsd === null ? 'UNKNOWN' : 'CATALOG', priceDate: null },
      },
    ],
    attempts: 1,
    outcome: 'OK',
    ...given,
  };
}
