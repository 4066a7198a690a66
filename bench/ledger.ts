import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Budget } from '../subgraphs/ai/money/contract.ts';
import { openLedger } from '../subgraphs/ai/money/ledger.ts';
import type { MoneySettings } from '../subgraphs/ai/money/moneySettings.ts';
import { type MoneyTables, moneyTables } from '../subgraphs/ai/money/tables.ts';
import { noTokens } from '../subgraphs/ai/money/tokenUsage.ts';
import { openDatabase } from '../subgraphs/host/database.ts';
import { migrate } from '../subgraphs/host/migrate.ts';
import { readSettings } from '../subgraphs/host/settings.ts';

/*
 * `node --import tsx bench/ledger.ts [postgres://…]`: what reserving and settling cost a call, over a SQLite file or the database
 * given. A few seconds.
 */

const folder = mkdtempSync(path.join(os.tmpdir(), 'tributary-bench-'));
const url = process.argv[2] ?? `file:${path.join(folder, 'ledger.sqlite')}`;
const db = openDatabase<MoneyTables>(readSettings({ name: 'ai', port: 0 }, { DATABASE_URL: url }).database);
await migrate(db, { '0001-money': moneyTables });

const budget = (given: Partial<Budget>): Budget => ({
  window: 'DAY',
  limitNanoUsd: 1e15,
  limitTokens: null,
  action: 'BLOCK',
  unpriced: 'ALLOW',
  ...given,
});
const one = [budget({ tenant: '*' })];
const three = [...one, budget({ tenant: '*', window: 'MONTH' }), budget({ field: '*' })];
const limits = { requestsPerMinute: 1e6, tokensPerMinute: 1e12, inFlight: 1e6 };

const cases: readonly (readonly [string, MoneySettings])[] = [
  ['no budget', { budgets: [], tenantLimits: {}, usageRetentionDays: 400 }],
  ['one budget', { budgets: one, tenantLimits: {}, usageRetentionDays: 400 }],
  [
    'three budgets, three limits',
    { budgets: three, tenantLimits: { default: limits }, usageRetentionDays: 400 },
  ],
];
for (const [name, settings] of cases) {
  const ledger = openLedger({ db, settings: () => settings });
  const call = async (): Promise<void> => {
    const decision = await ledger.reserve({
      tenant: 'acme',
      alias: 'fast',
      field: 'Query.complete',
      models: ['openai/gpt-5-mini', 'mistral/mistral-small'],
      estimate: { inputTokens: 100, maxOutputTokens: 100, nanoUsd: 1_000 },
      expiresInMs: 60_000,
    });
    if (decision.kind !== 'reserved') throw new Error(decision.kind);
    const usage = { ...noTokens, inputTokens: 10, outputTokens: 5 };
    const cost = { nanoUsd: 500, source: 'CATALOG', priceDate: null } as const;
    await decision.reservation.settle({
      charges: [{ model: 'openai/gpt-5-mini', usage, cost }],
      attempts: 1,
      outcome: 'OK',
    });
  };
  for (let warm = 0; warm < 200; warm += 1) await call();
  const calls = 500;
  const [cpu, began] = [process.cpuUsage(), performance.now()];
  for (let index = 0; index < calls; index += 1) await call();
  const { user, system } = process.cpuUsage(cpu);
  const [wallMs, cpuMs] = [performance.now() - began, (user + system) / 1_000];
  console.log(
    `${name.padEnd(30)} ${(wallMs / calls).toFixed(2)} ms a call, ${(cpuMs / calls).toFixed(2)} ms of CPU`,
  );
  await ledger.close();
}
await db.destroy();
rmSync(folder, { recursive: true });
