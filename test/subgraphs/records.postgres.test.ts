import { afterAll, beforeAll, describe } from '@jest/globals';
import { findPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { pagingFacts } from './facts/paging.ts';
import { referenceFacts } from './facts/references.ts';
import { reservationFacts } from './facts/reservations.ts';
import { reviewFacts } from './facts/reviewRules.ts';
import { statementFacts } from './facts/statements.ts';

const choice = findPostgres();

(choice.kind === 'missing' ? describe.skip : describe)('subgraphs over PostgreSQL', () => {
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    if (choice.kind !== 'missing') server = await startPostgres(choice);
  });
  afterAll(async () => server?.stop());
  const createDatabase = async () => {
    if (server) return server.createDatabase();
    throw new Error('The server has not been started.');
  };

  describe('paging', () => pagingFacts(createDatabase));
  describe('references', () => referenceFacts(createDatabase));
  describe('statements', () => statementFacts(createDatabase));
  describe('reservations', () => reservationFacts(createDatabase));
  describe('review rules', () => reviewFacts(createDatabase));
});
