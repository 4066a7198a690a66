import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", { name: "@cost", as: "@price" }, "@listSize"])';

let products: StubSubgraph;
let reviews: StubSubgraph;
let gateways: GatewayUnderTest[];

beforeAll(async () => {
  const teas = ['1', '2', '3'].map((upc) => ({ upc, name: `Tea ${upc}` }));
  products = await startStubSubgraph(
    'products',
    `${LINK}
    type Query {
      topProducts(first: Int): [Product] @listSize(slicingArguments: ["first"], assumedSize: 20, requireOneSlicingArgument: false)
      one(first: Int, last: Int): [Product] @listSize(slicingArguments: ["first", "last"])
      best: Product
      fails: Product
    }
    type Mutation { rename(to: String): Product }
    type Product @key(fields: "upc") { upc: ID! name: String }`,
    {
      Query: {
        topProducts: (_root, { first }: { first?: number }) => teas.slice(0, first ?? 3),
        best: () => teas[0],
        fails: () => {
          throw new Error('no');
        },
      },
      Mutation: { rename: () => teas[0] },
    },
  );
  reviews = await startStubSubgraph(
    'reviews',
    `${LINK}
    type Query { latest: String }
    type Product @key(fields: "upc") { upc: ID! reviews: [Review] }
    type Review @price(weight: 2) { stars: Int }`,
    { Product: { reviews: () => [{ stars: 5 }, { stars: 4 }] } },
  );
});

afterAll(() => Promise.all([products?.close(), reviews?.close()]));

let asked: number;
beforeEach(() => {
  gateways = [];
  asked = products.requests.length + reviews.requests.length;
});

afterEach(async () => {
  products.answer = undefined;
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

async function start(settings: Record<string, unknown>): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ subgraphs: [products, reviews], settings });
  gateways.push(gateway);
  return gateway;
}

const told = (response: Response, names: readonly string[]): unknown =>
  Object.fromEntries(names.map((name) => [name, response.headers.get(name)]));

const fetches = (): number => products.requests.length + reviews.requests.length - asked;

describe.each(['compiled', 'apollo'])('demand control, engine %s', (engine) => {
  test('refuses what may cost more than the maximum, before anything is fetched', async () => {
    const gateway = await start({ engine, demand_control: { mode: 'enforce', max: 1000 } });
    const query = '{ topProducts(first: 10) { name reviews { stars } } }';
    const response = await gateway.ask({ query });
    // 10 × (1 + 100 × 2)
    expect([response.status, await response.json(), fetches()]).toEqual([
      400,
      {
        errors: [
          {
            message: 'query estimated cost 2010 exceeded configured maximum 1000',
            extensions: {
              'cost.estimated': 2010,
              'cost.max': 1000,
              code: 'COST_ESTIMATED_TOO_EXPENSIVE',
            },
          },
        ],
      },
      0,
    ]);
  });

  test('serves what costs the maximum', async () => {
    const gateway = await start({ engine, demand_control: { mode: 'enforce', max: 2010 } });
    const query = '{ topProducts(first: 10) { reviews { stars } } }';
    expect((await gateway.ask({ query })).status).toBe(200);
  });

  test('tells estimated and actual cost where it is asked to', async () => {
    const gateway = await start({
      engine,
      demand_control: { max: 5000, response_extension: true, response_headers: true },
    });
    const query = 'query($n: Int) { a: topProducts(first: $n) { upc: name reviews { stars } } best { upc } }';
    const response = await gateway.ask({ query, variables: { n: 10 } });
    const { extensions, errors } = (await response.json()) as Record<string, unknown>;
    expect([errors, extensions, told(response, ['x-cost-estimated', 'x-cost-actual', 'x-cost-max'])]).toEqual(
      [
        undefined,
        // three products with two reviews of 2 each, and the best one
        { cost: { estimated: 2011, actual: 16, max: 5000, result: 'COST_OK' } },
        { 'x-cost-estimated': '2011', 'x-cost-actual': '16', 'x-cost-max': '5000' },
      ],
    );
  });

  test('counts a mutation as 10 more, whatever comes of it', async () => {
    const gateway = await start({ engine, demand_control: { response_extension: true } });
    expect(await gateway.answerTo({ query: 'mutation { rename(to: "x") { name } }' })).toEqual({
      data: { rename: { name: 'Tea 1' } },
      extensions: { cost: { estimated: 11, actual: 11, result: 'COST_OK' } },
    });
  });
});

describe('demand control', () => {
  test('only measures unless it is told to enforce', async () => {
    const gateway = await start({ demand_control: { max: 1 } });
    const response = await gateway.ask({ query: '{ topProducts(first: 3) { name } }' });
    expect([response.status, told(response, ['x-cost-estimated'])]).toEqual([
      200,
      { 'x-cost-estimated': null },
    ]);
  });

  test('refuses what does not say how much it slices, where it has to', async () => {
    const gateway = await start({ demand_control: { mode: 'enforce', max: 1000 } });
    const response = await gateway.ask({ query: '{ one(first: 1, last: 1) { name } }' });
    expect([response.status, await response.json(), fetches()]).toEqual([
      400,
      {
        errors: [
          {
            message: 'Exactly one slicing argument is required, but found 2 (one).',
            extensions: { code: 'COST_QUERY_PARSE_FAILURE' },
          },
        ],
      },
      0,
    ]);
  });
});

describe('demand control of a subgraph', () => {
  test('leaves out the one that is asked too much, and serves what the others have', async () => {
    const gateway = await start({
      engine: 'compiled',
      demand_control: { mode: 'enforce', max: 10_000, subgraphs: { reviews: { max: 500 } } },
    });
    const query = '{ topProducts(first: 2) { name reviews { stars } } }';
    const { data, errors } = (await gateway.answerTo({ query })) as { data: unknown; errors: unknown };
    // _entities is a list of 100, each with a hundred reviews of 2: 100 × (1 + 100 × 2)
    expect([data, errors, reviews.requests.length + products.requests.length - asked]).toEqual([
      {
        topProducts: [
          { name: 'Tea 1', reviews: null },
          { name: 'Tea 2', reviews: null },
        ],
      },
      [
        expect.objectContaining({
          message: 'query estimated cost 20100 exceeded configured maximum 500 of subgraph reviews',
          extensions: {
            code: 'SUBGRAPH_COST_ESTIMATED_TOO_EXPENSIVE',
            service: 'reviews',
            'cost.subgraph': 'reviews',
            'cost.subgraph.estimated': 20_100,
            'cost.subgraph.max': 500,
          },
        }),
      ],
      1,
    ]);
  });

  test('counts its own size of lists', async () => {
    const gateway = await start({
      engine: 'compiled',
      demand_control: { mode: 'enforce', max: 10_000, subgraphs: { reviews: { max: 420, list_size: 20 } } },
    });
    const answer = await gateway.answerTo({ query: '{ topProducts(first: 2) { reviews { stars } } }' });
    // 20 × (1 + 20 × 2) = 820
    expect((answer as { errors?: unknown[] }).errors?.length).toBe(1);
  });
});

describe('budgets', () => {
  const byAddress = { by: 'address', points: 100, per_seconds: 86_400 };
  const LEFT = ['ratelimit-limit', 'ratelimit-remaining', 'retry-after'];
  const query = '{ topProducts(first: 10) { name } }';

  test('are charged the estimate, and given back what was not used', async () => {
    const gateway = await start({ rate_limit: { budgets: [byAddress], response_extension: true } });
    const response = await gateway.ask({ query });
    const { extensions } = (await response.json()) as Record<string, unknown>;
    expect([extensions, told(response, LEFT)]).toEqual([
      {
        rateLimit: expect.objectContaining({ key: 'address:127.0.0.1', requestRate: 3, remaining: 97 }),
      },
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '97', 'retry-after': null },
    ]);
  });

  test('refuse with a 429, before anything is planned or fetched', async () => {
    const gateway = await start({
      rate_limit: { budgets: [{ ...byAddress, points: 12, per_seconds: 12_000 }] },
    });
    await gateway.ask({ query });
    const before = fetches();
    const response = await gateway.ask({ query });
    const rateLimit = expect.objectContaining({ key: 'address:127.0.0.1', requestRate: 10, remaining: 9 });
    expect([response.status, await response.json(), fetches() - before, told(response, LEFT)]).toEqual([
      429,
      {
        errors: [
          {
            message: expect.stringMatching(
              /^The operation costs 10 points, and 9 of 12 are left to address:127.0.0.1 \(12000 s\). Ask again in \d+ s.$/,
            ),
            extensions: { code: 'RATE_LIMIT_EXCEEDED', rateLimit },
          },
        ],
        extensions: { rateLimit },
      },
      0,
      {
        'ratelimit-limit': '12',
        'ratelimit-remaining': '9',
        'retry-after': expect.stringMatching(/^(999|1000)$/),
      },
    ]);
  });

  test('are not charged for introspection and __typename', async () => {
    const gateway = await start({ rate_limit: { budgets: [{ ...byAddress, points: 0.5 }] } });
    const statuses = [];
    for (const each of ['{ __typename }', '{ __schema { queryType { name } } }', '{ best { name } }']) {
      statuses.push((await gateway.ask({ query: each })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('are not charged for what is not valid', async () => {
    const gateway = await start({ rate_limit: { budgets: [{ ...byAddress, points: 1 }] } });
    const statuses = [];
    for (const each of ['{ nothing }', '{ best(first: 1) { name } }', '{ best { name } }']) {
      statuses.push((await gateway.ask({ query: each })).status);
    }
    expect(statuses).toEqual([400, 400, 200]);
  });

  test.each([
    ['a subgraph that fails', { query: '{ fails { name } }' }],
    ['a subgraph that is away', { query: '{ best { name } }' }],
  ])('get back all but the least after %s', async (what, body) => {
    const gateway = await start({ rate_limit: { budgets: [byAddress] } });
    if (what.endsWith('away')) products.answer = 'reset';
    expect(told(await gateway.ask(body), ['ratelimit-remaining'])).toEqual({ 'ratelimit-remaining': '99' });
  });

  test('get back what a client that went away did not get', async () => {
    const gateway = await start({ rate_limit: { budgets: [byAddress] } });
    products.answer = { after: new Promise(() => {}) };
    const arrived = products.nextRequest();
    const leaving = new AbortController();
    const gone = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ topProducts(first: 90) { name } }' }),
      signal: leaving.signal,
    });
    const { ended } = await arrived;
    leaving.abort();
    await Promise.allSettled([gone, ended]);
    products.answer = undefined;
    // 1 for what was asked in vain, and 3 for this
    expect(told(await gateway.ask({ query }), ['ratelimit-remaining'])).toEqual({
      'ratelimit-remaining': '96',
    });
  });

  test('are of the peer, whatever it says of itself', async () => {
    const gateway = await start({ rate_limit: { budgets: [{ ...byAddress, points: 1 }] } });
    const statuses = [];
    for (const forwarded of ['10.0.0.1', '10.0.0.2']) {
      statuses.push(
        (await gateway.ask({ query: '{ best { name } }' }, { 'x-forwarded-for': forwarded })).status,
      );
    }
    expect(statuses).toEqual([200, 429]);
  });

  test('are of the address that a trusted proxy gives, the last that is no proxy’s', async () => {
    const gateway = await start({
      trusted_proxies: ['127.0.0.1', '10.1.0.0/16'],
      rate_limit: { budgets: [{ ...byAddress, points: 1 }] },
    });
    const statuses = [];
    for (const forwarded of ['192.0.2.1', '192.0.2.2', '203.0.113.9, 192.0.2.2', '192.0.2.2, 10.1.2.3']) {
      statuses.push(
        (await gateway.ask({ query: '{ best { name } }' }, { 'x-forwarded-for': forwarded })).status,
      );
    }
    expect(statuses).toEqual([200, 200, 429, 429]);
  });
});
