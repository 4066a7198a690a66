import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import type { StubAnswer } from '../support/stubSubgraph.ts';
import { type ShopGraph, startShopGraph } from './shopGraph.ts';

let shop: ShopGraph;
let gateway: GatewayUnderTest;

beforeAll(async () => {
  shop = await startShopGraph();
  gateway = await startGateway({
    subgraphs: [shop.products, shop.reviews],
    settings: {
      engine: 'compiled',
      traffic_shaping: { all: { timeout_ms: 600, max_response_bytes: 10_000 } },
    },
  });
});

afterAll(async () => {
  await gateway?.stop();
  await shop?.close();
});

afterEach(() => shop.heal());

const json = (value: unknown): StubAnswer => ({ body: JSON.stringify(value) });
const closed = expect.stringMatching(/^connection (reset|closed)$/);

interface Fault {
  readonly name: string;
  readonly answer: StubAnswer;
  readonly message: unknown;
  readonly extensions: Readonly<Record<string, unknown>>;
}

const httpError = (reason: unknown): Fault['extensions'] => ({
  code: 'SUBREQUEST_HTTP_ERROR',
  reason,
  service: 'reviews',
});

const httpStatus = (status: number): Pick<Fault, 'message' | 'extensions'> => ({
  message: `HTTP fetch failed from 'reviews': HTTP status ${status}`,
  extensions: { ...httpError(`HTTP status ${status}`), http: { status } },
});

const malformed = (reason: string): Pick<Fault, 'message' | 'extensions'> => ({
  message: `Malformed response from 'reviews': ${reason}`,
  extensions: { code: 'SUBREQUEST_MALFORMED_RESPONSE', reason, service: 'reviews' },
});

const notGraphql = malformed('the body is not a GraphQL response with `data` or `errors`');
const notJson = malformed('the body is not JSON');

/** What ends a whole fetch, with the one error that it leaves. Codes are those of the table in gateway/README.md. */
const faults: readonly Fault[] = [
  {
    name: 'a reset connection',
    answer: 'reset',
    message: expect.stringMatching(/^HTTP fetch failed from 'reviews': connection (reset|closed)$/),
    extensions: httpError(closed),
  },
  {
    name: 'a connection that ends within the body',
    answer: (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":', () => response.socket?.destroy());
    },
    message: expect.stringMatching(/^HTTP fetch failed from 'reviews': connection (reset|closed)$/),
    extensions: httpError(closed),
  },
  {
    name: 'no answer in time',
    answer: () => {},
    message: "Subgraph 'reviews' did not answer within 600 ms",
    extensions: { code: 'GATEWAY_TIMEOUT', service: 'reviews' },
  },
  {
    name: 'a body that stops in time, and never ends',
    answer: (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":');
    },
    message: "Subgraph 'reviews' did not answer within 600 ms",
    extensions: { code: 'GATEWAY_TIMEOUT', service: 'reviews' },
  },
  { name: 'status 500 with text', answer: { status: 500, body: 'at /srv/app.js:1' }, ...httpStatus(500) },
  {
    name: 'status 502 with HTML',
    answer: { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' },
    ...httpStatus(502),
  },
  {
    name: 'a redirect',
    answer: { status: 302, headers: { location: 'http://127.0.0.1:9/' } },
    ...httpStatus(302),
  },
  {
    name: 'HTML',
    answer: { headers: { 'content-type': 'text/html' }, body: '<h1>Hello</h1>' },
    ...notJson,
  },
  { name: 'an empty body', answer: { body: '' }, ...notJson },
  { name: 'half of a JSON text', answer: { body: '{"data":{"_enti' }, ...notJson },
  { name: 'a JSON list', answer: { body: '[]' }, ...notGraphql },
  { name: 'neither data nor errors', answer: { body: '{}' }, ...notGraphql },
  { name: 'data null without errors', answer: { body: '{"data":null}' }, ...notGraphql },
  {
    name: 'data null with an empty list of errors',
    answer: { body: '{"data":null,"errors":[]}' },
    ...notGraphql,
  },
  { name: 'data that is a list', answer: { body: '{"data":[]}' }, ...notGraphql },
  { name: 'data that is a text', answer: { body: '{"data":"{}"}' }, ...notGraphql },
  { name: 'errors that are no list', answer: { body: '{"errors":{}}' }, ...notGraphql },
  {
    name: 'more bytes than allowed',
    answer: { body: `{"data":{"x":"${'x'.repeat(10_000)}"}}` },
    ...malformed('the answer is larger than 10000 bytes'),
  },
];

describe('compiled engine: a fetch of root fields that fails', () => {
  test.each(faults)(
    'by $name leaves the other data, and one error',
    async ({ answer, message, extensions }) => {
      shop.reviews.answer = answer;
      const response = await gateway.ask({ query: '{ top latest }' });
      expect([response.status, await response.json()]).toEqual([
        200,
        { errors: [{ message, path: ['latest'], extensions }], data: { top: 'Tea', latest: null } },
      ]);
    },
  );
});

describe('compiled engine: a fetch of several root fields that fails', () => {
  test('stands at each field that the client asks for', async () => {
    shop.reviews.answer = { status: 500 };
    const query = 'query ($no: Boolean = false) { latest newest: latest left: latest @include(if: $no) }';
    expect(await gateway.answerTo({ query })).toEqual({
      errors: [
        { ...httpStatus(500), path: ['latest'] },
        { ...httpStatus(500), path: ['newest'] },
      ],
      data: { latest: null, newest: null },
    });
  });
});

describe('compiled engine: a fetch of entities that fails', () => {
  const data = {
    teas: [
      { name: 'Tea', stars: null },
      { name: 'Cup', stars: null },
    ],
  };

  test.each(faults)('by $name leaves the other data, and one error at the client’s list', async (fault) => {
    shop.reviews.answer = fault.answer;
    const response = await gateway.ask({ query: '{ teas: topProducts { name stars } }' });
    expect([response.status, await response.json()]).toEqual([
      200,
      { errors: [{ message: fault.message, path: ['teas'], extensions: fault.extensions }], data },
    ]);
  });

  test.each([
    ['too few', [{ stars: 1 }], '2 entities were asked for, and 1 entities came'],
    [
      'too many',
      [{ stars: 1 }, { stars: 2 }, { stars: 3 }],
      '2 entities were asked for, and 3 entities came',
    ],
    ['none', [], '2 entities were asked for, and 0 entities came'],
    ['an object', { '0': { stars: 1 }, '1': { stars: 2 } }, '2 entities were asked for, and an object came'],
    ['null', null, '2 entities were asked for, and nothing came'],
    ['nothing', undefined, '2 entities were asked for, and nothing came'],
    ['a text', 'ab', '2 entities were asked for, and a string came'],
  ])('by %s for `_entities` assigns nothing by guess', async (_name, entities, reason) => {
    shop.reviews.answer = json({ data: { _entities: entities } });
    expect(await gateway.answerTo({ query: '{ teas: topProducts { name stars } }' })).toEqual({
      errors: [
        {
          message: `Malformed response from 'reviews': ${reason}`,
          path: ['teas'],
          extensions: {
            code: 'SUBREQUEST_MALFORMED_RESPONSE',
            reason: 'wrong number of entities',
            service: 'reviews',
          },
        },
      ],
      data,
    });
  });

  test.each([
    ['a list', [{ stars: 1 }, [{ stars: 2 }]], '2 entities were asked for, and a list is one'],
    ['a number', [5, { stars: 2 }], '2 entities were asked for, and a number is one'],
  ])('by %s for an entity assigns nothing', async (_name, entities, reason) => {
    shop.reviews.answer = json({ data: { _entities: entities } });
    expect(await gateway.answerTo({ query: '{ teas: topProducts { name stars } }' })).toEqual({
      errors: [
        {
          message: `Malformed response from 'reviews': ${reason}`,
          path: ['teas'],
          extensions: {
            code: 'SUBREQUEST_MALFORMED_RESPONSE',
            reason: 'an entity is no object',
            service: 'reviews',
          },
        },
      ],
      data,
    });
  });

  test('stands at every field and list that it is for, once', async () => {
    shop.reviews.answer = { status: 500 };
    const query = '{ best { name stars } topProducts { name stars } again: topProducts { stars } }';
    const { errors } = (await gateway.answerTo({ query })) as { errors: readonly { path: unknown }[] };
    expect(errors.map(({ path }) => JSON.stringify(path)).sort()).toEqual([
      '["again"]',
      '["best"]',
      '["topProducts"]',
    ]);
  });

  test('is answered as before by the next request', async () => {
    shop.reviews.answer = 'reset';
    await gateway.answerTo({ query: '{ best { stars } }' });
    shop.heal();
    expect(await gateway.answerTo({ query: '{ best { stars } }' })).toEqual({ data: { best: { stars: 4 } } });
  });

  test('stands at the object that it is for, where there is no list', async () => {
    shop.reviews.answer = { status: 500 };
    expect(await gateway.answerTo({ query: '{ first: best { name stars } }' })).toEqual({
      errors: [{ ...httpStatus(500), path: ['first'] }],
      data: { first: { name: 'Tea', stars: null } },
    });
  });

  test('is not followed by the fetches that need it', async () => {
    shop.products.answer = 'reset';
    const before = shop.reviews.requests.length;
    expect(await gateway.answerTo({ query: '{ best { stars total } }' })).toEqual({
      errors: [
        {
          message: expect.any(String),
          path: ['best'],
          extensions: { ...httpError(closed), service: 'products' },
        },
      ],
      data: { best: null },
    });
    expect(shop.reviews.requests.length).toBe(before);
  });

  test('nulls what may not be null, without a second error', async () => {
    shop.reviews.answer = { status: 500 };
    expect(await gateway.answerTo({ query: '{ topProducts { name summary } }' })).toEqual({
      errors: [{ ...httpStatus(500), path: ['topProducts'] }],
      data: { topProducts: [null, null] },
    });
  });
});

describe('compiled engine: a connection that is refused', () => {
  test('is one error with the words for it', async () => {
    const gone = await startShopGraph();
    const subgraphs = [gone.products, gone.reviews];
    const other = await startGateway({ subgraphs, settings: { engine: 'compiled' } });
    await gone.reviews.close();
    try {
      expect(await other.answerTo({ query: '{ best { name stars } }' })).toEqual({
        errors: [
          {
            message: "HTTP fetch failed from 'reviews': connection refused",
            path: ['best'],
            extensions: httpError('connection refused'),
          },
        ],
        data: { best: { name: 'Tea', stars: null } },
      });
    } finally {
      await other.stop();
      await gone.products.close();
    }
  });
});

describe('compiled engine: a client that goes away', () => {
  test('ends the request to the subgraph', async () => {
    shop.reviews.answer = () => {};
    const asked = shop.reviews.nextRequest();
    const controller = new AbortController();
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ latest }"}',
      signal: controller.signal,
    });
    const { ended } = await asked;
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(await ended).toBe('closed');
  });
});
