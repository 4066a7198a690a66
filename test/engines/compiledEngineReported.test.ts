import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import type { StubAnswer } from '../support/stubSubgraph.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;
let development: GatewayUnderTest;
let production: GatewayUnderTest;

beforeAll(async () => {
  shop = await startShopGraph();
  const subgraphs = [shop.products, shop.reviews];
  const settings = { engine: 'compiled' };
  [development, production] = await Promise.all([
    startGateway({ subgraphs, settings }),
    startGateway({ subgraphs, settings, env: { NODE_ENV: 'production' } }),
  ]);
});

afterAll(async () => {
  await Promise.all([development?.stop(), production?.stop()]);
  await shop?.close();
});

afterEach(() => shop.heal());

const json = (value: unknown): StubAnswer => ({ body: JSON.stringify(value) });
const extensions = { code: 'GONE', service: 'reviews' };
const reported = (path: readonly (string | number)[] | undefined) => ({
  message: 'gone',
  ...(path === undefined ? {} : { path }),
  extensions: { code: 'GONE' },
});

describe('compiled engine: errors that a subgraph reports', () => {
  test('stand at the client’s path, not at `_entities`', async () => {
    shop.reviews.answer = json({
      data: { _entities: [{ stars: 4 }, { stars: null }] },
      errors: [reported(['_entities', 1, 'stars'])],
    });
    expect(await development.answerTo({ query: '{ topProducts { stars } }' })).toEqual({
      errors: [{ message: 'gone', path: ['topProducts', 1, 'stars'], extensions }],
      data: { topProducts: [{ stars: 4 }, { stars: null }] },
    });
  });

  test('stand at the client’s aliases, of the list and of the field', async () => {
    const answered = shop.reviews.nextRequest();
    shop.reviews.answer = (response) => {
      // the alias that the gateway chose is read from what it asks
      void answered.then(({ query }) => {
        const [, key = ''] = /(\w+)\s*:\s*stars/.exec(query) ?? [];
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            data: { _entities: [{ [key]: 4 }, { [key]: null }] },
            errors: [reported(['_entities', 1, key])],
          }),
        );
      });
    };
    expect(await development.answerTo({ query: '{ teas: topProducts { points: stars } }' })).toEqual({
      errors: [{ message: 'gone', path: ['teas', 1, 'points'], extensions }],
      data: { teas: [{ points: 4 }, { points: null }] },
    });
  });

  test('stand at every place of an entity that is asked for once', async () => {
    // several paths are planned as one batch, whose first lookup is `_e0`
    shop.reviews.answer = json({
      data: { _e0: [{ stars: null }, { stars: 4 }] },
      errors: [reported(['_e0', 0, 'stars'])],
    });
    const query = '{ topProducts { similar { stars } stars } }';
    const answer = (await development.answerTo({ query })) as { errors: { path: unknown }[]; data: unknown };
    expect(answer.data).toEqual({
      topProducts: [
        { similar: { stars: null }, stars: null },
        { similar: { stars: null }, stars: 4 },
      ],
    });
    expect(answer.errors.map(({ path }) => JSON.stringify(path)).sort()).toEqual([
      '["topProducts",0,"similar","stars"]',
      '["topProducts",0,"stars"]',
      '["topProducts",1,"similar","stars"]',
    ]);
  });

  test('stand at the entity, where they name it alone', async () => {
    shop.reviews.answer = json({
      data: { _entities: [{ stars: 4 }, null] },
      errors: [reported(['_entities', 1])],
    });
    expect(await development.answerTo({ query: '{ topProducts { name stars } }' })).toEqual({
      errors: [{ message: 'gone', path: ['topProducts', 1], extensions }],
      data: {
        topProducts: [
          { name: 'Tea', stars: 4 },
          { name: 'Cup', stars: null },
        ],
      },
    });
  });

  test.each([
    ['without a path', undefined],
    ['with the path of the whole list', ['_entities']],
    ['with a path that nobody asked for', ['elsewhere', 1]],
    ['with an index past the end', ['_entities', 9, 'stars']],
    ['with an index that is a text', ['_entities', '1', 'stars']],
  ])('%s are kept, at the place of the fetch', async (_name, path) => {
    shop.reviews.answer = json({
      data: { _entities: [{ stars: 4 }, { stars: 5 }] },
      errors: [reported(path)],
    });
    expect(await development.answerTo({ query: '{ topProducts { stars } }' })).toEqual({
      errors: [{ message: 'gone', path: ['topProducts'], extensions }],
      data: { topProducts: [{ stars: 4 }, { stars: 5 }] },
    });
  });

  test('of root fields have the client’s alias in their path', async () => {
    shop.reviews.answer = json({ data: { _t_newest: null }, errors: [reported(['_t_newest'])] });
    expect(await development.answerTo({ query: '{ newest: latest }' })).toEqual({
      errors: [{ message: 'gone', path: ['newest'], extensions }],
      data: { newest: null },
    });
  });

  test('with data null stand alone', async () => {
    shop.reviews.answer = json({ data: null, errors: [reported(undefined)] });
    expect(await development.answerTo({ query: '{ top latest }' })).toEqual({
      errors: [{ message: 'gone', path: ['latest'], extensions }],
      data: { top: 'Tea', latest: null },
    });
  });

  test('come with that of the HTTP status', async () => {
    shop.reviews.answer = { status: 503, body: JSON.stringify({ errors: [reported(undefined)] }) };
    expect(await development.answerTo({ query: '{ top latest }' })).toEqual({
      errors: [
        { message: 'gone', path: ['latest'], extensions },
        {
          message: "HTTP fetch failed from 'reviews': HTTP status 503",
          path: ['latest'],
          extensions: {
            code: 'SUBREQUEST_HTTP_ERROR',
            reason: 'HTTP status 503',
            service: 'reviews',
            http: { status: 503 },
          },
        },
      ],
      data: { top: 'Tea', latest: null },
    });
  });

  test('that are no GraphQL errors are told of all the same', async () => {
    shop.reviews.answer = json({ data: { latest: 'Fine' }, errors: ['sorry', { text: 'no message' }] });
    const error = {
      message: 'The subgraph reported an error without a message.',
      extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'reviews' },
    };
    expect(await development.answerTo({ query: '{ latest }' })).toEqual({
      errors: [error, error],
      data: { latest: 'Fine' },
    });
  });

  test('choose neither the status nor a header of the answer', async () => {
    const http = { status: 418, headers: { 'set-cookie': 'a=b', 'x-evil': '1' } };
    shop.reviews.answer = json({ errors: [{ message: 'no', extensions: { http } }] });
    const response = await development.ask({ query: '{ latest }' });
    expect([
      response.status,
      response.headers.get('set-cookie'),
      response.headers.get('x-evil'),
      await response.json(),
    ]).toEqual([
      200,
      null,
      null,
      {
        errors: [
          {
            message: 'no',
            path: ['latest'],
            extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'reviews' },
          },
        ],
        data: { latest: null },
      },
    ]);
  });

  test('do not name another subgraph as their own', async () => {
    shop.reviews.answer = json({ errors: [{ message: 'no', extensions: { service: 'products' } }] });
    expect(await development.answerTo({ query: '{ latest }' })).toEqual({
      errors: [
        {
          message: 'no',
          path: ['latest'],
          extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'reviews' },
        },
      ],
      data: { latest: null },
    });
  });

  test('are not shown in production', async () => {
    shop.reviews.answer = json({
      data: { _entities: [{ stars: 4 }, { stars: null }] },
      errors: [{ ...reported(['_entities', 1, 'stars']), message: 'SELECT secret' }],
    });
    expect(await production.answerTo({ query: '{ topProducts { stars } }' })).toEqual({
      errors: [
        {
          message: 'Subgraph errors redacted',
          path: ['topProducts', 1, 'stars'],
          extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
        },
      ],
      data: { topProducts: [{ stars: 4 }, { stars: null }] },
    });
  });

  test('keep the code of the gateway in production', async () => {
    shop.reviews.answer = { status: 500, body: 'at /srv/app.js:1' };
    expect(await production.answerTo({ query: '{ top latest }' })).toEqual({
      errors: [
        {
          message: 'Subgraph errors redacted',
          path: ['latest'],
          extensions: { code: 'SUBREQUEST_HTTP_ERROR' },
        },
      ],
      data: { top: 'Tea', latest: null },
    });
  });
});

describe('compiled engine: entities that are null', () => {
  test('without an error are data', async () => {
    shop.reviews.answer = json({ data: { _entities: [{ stars: 4 }, null] } });
    expect(await development.answerTo({ query: '{ topProducts { name stars } }' })).toEqual({
      data: {
        topProducts: [
          { name: 'Tea', stars: 4 },
          { name: 'Cup', stars: null },
        ],
      },
    });
  });

  test('violate their non-null fields, with one error each', async () => {
    shop.reviews.answer = json({ data: { _entities: [{ summary: 'Fine' }, null] } });
    expect(await development.answerTo({ query: '{ topProducts { name summary } }' })).toEqual({
      errors: [
        {
          message: 'Cannot return null for non-nullable field Product.summary.',
          path: ['topProducts', 1, 'summary'],
          extensions: { code: 'RESPONSE_VALIDATION_FAILED' },
        },
      ],
      data: { topProducts: [{ name: 'Tea', summary: 'Fine' }, null] },
    });
  });

  test('that an error tells of violate nothing a second time', async () => {
    shop.reviews.answer = json({
      data: { _entities: [{ summary: 'Fine' }, null] },
      errors: [reported(['_entities', 1, 'summary'])],
    });
    expect(await development.answerTo({ query: '{ topProducts { name summary } }' })).toEqual({
      errors: [{ message: 'gone', path: ['topProducts', 1, 'summary'], extensions }],
      data: { topProducts: [{ name: 'Tea', summary: 'Fine' }, null] },
    });
  });

  test('for the whole list with an error leave one error', async () => {
    shop.reviews.answer = json({ data: { _entities: null }, errors: [reported(undefined)] });
    expect(await development.answerTo({ query: '{ topProducts { summary } }' })).toEqual({
      errors: [{ message: 'gone', path: ['topProducts'], extensions }],
      data: { topProducts: [null, null] },
    });
  });
});
