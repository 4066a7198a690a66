import { afterAll, beforeAll, describe } from '@jest/globals';
import { findPostgres, startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { expiryFacts } from './facts/expiry.ts';
import { reportingFacts } from './facts/reporting.ts';
import { reservingFacts } from './facts/reserving.ts';
import { tenantLimitFacts } from './facts/tenantLimits.ts';

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
});
