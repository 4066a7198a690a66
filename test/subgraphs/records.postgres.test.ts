import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { serveSubgraph } from '../../subgraphs/host/server.ts';
import { readSettings } from '../../subgraphs/host/settings.ts';
import { openSubgraph } from '../../subgraphs/host/subgraph.ts';
import { products } from '../../subgraphs/products/subgraph.ts';
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

  test.each([
    ['a character that it cannot store', 'product(id: "a\\u0000b") { id }'],
    [
      'a cursor with a number beyond its integers',
      `products(orderBy: PRICE_LOW_TO_HIGH, after: "${Buffer.from('["PRICE_LOW_TO_HIGH",9007199254740991,"p"]').toString('base64url')}") { nodes { id } }`,
    ],
  ])('%s is bad input', async (_what, field) => {
    const log = pino({ level: 'silent' });
    const settings = readSettings(products, {
      DATABASE_URL: await createDatabase(),
      PORT: '0',
      SEED: 'false',
    });
    const opened = await openSubgraph(products, { settings, environment: {}, log });
    const served = await serveSubgraph(opened, settings, log);
    const response = await fetch(served.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `{ ${field} }` }),
    });
    const { errors } = (await response.json()) as { errors: { extensions: unknown }[] };
    await served.close();
    await opened.close();
    expect(errors.map((error) => error.extensions)).toEqual([{ code: 'BAD_USER_INPUT' }]);
  });

  test('two processes that start together share one set of example rows', async () => {
    const log = pino({ level: 'silent' });
    const settings = readSettings(products, { DATABASE_URL: await createDatabase() });
    const both = await Promise.all(
      [1, 2].map(() => openSubgraph(products, { settings, environment: {}, log })),
    );
    const counts = await Promise.all(
      both.map(({ db }) =>
        db
          .selectFrom('products')
          .select('id')
          .execute()
          .then((rows) => rows.length),
      ),
    );
    for (const opened of both) await opened.close();
    expect(counts).toEqual([240, 240]);
  });
});
