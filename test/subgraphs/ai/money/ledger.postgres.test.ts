import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sql } from 'kysely';
import pg from 'pg';
import { findPostgres, startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { expiryFacts } from './facts/expiry.ts';
import { reportingFacts } from './facts/reporting.ts';
import { reservingFacts } from './facts/reserving.ts';
import { tenantLimitFacts } from './facts/tenantLimits.ts';
import { budgetOf, callOf, openMoney, settlementOf } from './openMoney.ts';

const choice = findPostgres();

(choice.kind === 'missing' ? describe.skip : describe)('ledger over PostgreSQL', () => {
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    if (choice.kind !== 'missing') server = await startPostgres(choice);
  });
  afterAll(async () => server?.stop());
  const createDatabase = async () => {
    if (server) return server.createDatabase();
    throw new Error('The server has not been started.');
  };

  describe('reserving', () => reservingFacts(createDatabase));
  describe('limits of tenants', () => tenantLimitFacts(createDatabase));
  describe('reports', () => reportingFacts(createDatabase));
  describe('expiry and processes', () => expiryFacts(createDatabase));

  // by bytes `B` comes before `a`, in English after it; two orders would let two calls wait for each other in a circle
  test('counters are locked in the order of their bytes, whatever the collation', async () => {
    const url = await createDatabase();
    const money = await openMoney(url);
    await money.db.schema
      .alterTable('ai_counters')
      .alterColumn('key', (column) => column.setDataType(sql`text collate "en-US-x-icu"`))
      .execute();
    money.settings = { ...money.settings, budgets: [budgetOf({ model: '*' })] };
    const decision = await money.ledger.reserve(callOf({ models: ['openai/a', 'openai/B'] }));
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query(`begin; select from ai_counters where model = 'openai/B' for update`);

    const settled = decision.kind === 'reserved' && decision.reservation.settle(settlementOf());
    const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
    while ((await other.query(waiting)).rowCount === 0);
    const free = await other.query(`select from ai_counters where model = 'openai/a' for update skip locked`);
    await other.query('rollback');
    await settled;
    await other.end();
    await money.close();
    expect(free.rowCount).toBe(1);
  });
});
