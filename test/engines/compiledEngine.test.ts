import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { Engine } from '../../gateway/engine.ts';
import { compiledEngine } from '../../gateway/engines/compiledEngine.ts';
import { GatewayError } from '../../gateway/errors.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { fanOut, sharedSdl } from '../support/costlyOperation.ts';
import { engineOptions } from '../support/engineOptions.ts';
import { type GatewayUnderTest, startGateway, supergraphOf } from '../support/runningGateway.ts';
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

describe('compiled engine: execution', () => {
  test('joins what several subgraphs know of an entity', async () => {
    expect(
      await development.answerTo({
        query: '{ best { name stars total } top latest }',
      }),
    ).toEqual({
      data: {
        best: { name: 'Tea', stars: 4, total: 7 },
        top: 'Tea',
        latest: 'Fine',
      },
    });
  });

  test('keeps the aliases `__proto__` and `constructor` through a join', async () => {
    const response = await development.ask({
      query: '{ constructor: best { __proto__: name toString: stars } }',
    });
    expect(await response.text()).toBe('{"data":{"constructor":{"__proto__":"Tea","toString":4}}}\n');
  });

  test('has the keys of the answer in the order of the selections', async () => {
    const response = await development.ask({
      query: '{ latest best { stars name upc } top }',
    });
    expect(await response.text()).toBe(
      '{"data":{"latest":"Fine","best":{"stars":4,"name":"Tea","upc":"1"},"top":"Tea"}}\n',
    );
  });

  test('answers root `__typename` without asking a subgraph', async () => {
    const before = shop.products.requests.length + shop.reviews.requests.length;
    expect(await development.answerTo({ query: '{ kind: __typename }' })).toEqual({
      data: { kind: 'Query' },
    });
    expect(shop.products.requests.length + shop.reviews.requests.length).toBe(before);
  });

  test('answers introspection beside fields of subgraphs', async () => {
    const query =
      'query ($name: String!) { top __type(name: $name) { kind } schema: __schema { queryType { name } } }';
    expect(await development.answerTo({ query, variables: { name: 'Item' } })).toEqual({
      data: {
        top: 'Tea',
        __type: { kind: 'INTERFACE' },
        schema: { queryType: { name: 'Query' } },
      },
    });
  });

  test('plans an operation once for all values of its conditions', async () => {
    const query = 'query ($with: Boolean!) { best { name stars @include(if: $with) } }';
    const answers = [];
    for (const value of [true, false, true]) {
      answers.push(await development.answerTo({ query, variables: { with: value } }));
    }
    expect(answers).toEqual([
      { data: { best: { name: 'Tea', stars: 4 } } },
      { data: { best: { name: 'Tea' } } },
      { data: { best: { name: 'Tea', stars: 4 } } },
    ]);
  });

  test('tells two operations of one document apart', async () => {
    const query = 'query A { top } query B { latest }';
    expect([
      await development.answerTo({ query, operationName: 'A' }),
      await development.answerTo({ query, operationName: 'B' }),
    ]).toEqual([{ data: { top: 'Tea' } }, { data: { latest: 'Fine' } }]);
  });

  test('answers a variable of a wrong type with 400, and asks nobody', async () => {
    const before = shop.products.requests.length;
    const response = await development.ask({
      query: 'mutation ($to: String) { rename(to: $to) { name } }',
      variables: { to: 7 },
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        errors: [
          {
            message: 'Variable "$to" got invalid value 7; String cannot represent a non string value: 7',
            locations: [{ line: 1, column: 11 }],
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ],
      },
    ]);
    expect(shop.products.requests.length).toBe(before);
  });

  test('runs the root fields of a mutation one after the other, each with what follows it', async () => {
    const asked: string[] = [];
    const from = [shop.products.requests.length, shop.reviews.requests.length];
    const query = 'mutation { one: rename { stars } two: rename { stars } }';
    const answer = await development.answerTo({ query });
    expect(answer).toEqual({ data: { one: { stars: 4 }, two: { stars: 4 } } });
    for (const { name, requests } of [shop.products, shop.reviews]) {
      asked.push(`${name} ${requests.slice(name === 'products' ? from[0] : from[1]).length}`);
    }
    expect(asked).toEqual(['products 2', 'reviews 2']);
  });
});

describe('compiled engine: operations that are refused', () => {
  test('`@defer` is a 400: the API schema does not have it', async () => {
    const response = await development.ask({
      query: '{ best { name ... @defer { stars } } }',
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      {
        errors: [
          {
            message: 'Unknown directive "@defer".',
            locations: [{ line: 1, column: 19 }],
            extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
          },
        ],
      },
    ]);
  });

  test('a subscription is a 400', async () => {
    const sdl = `${shop.products.sdl} type Subscription { changed: String }`;
    const gateway = await startGateway({
      subgraphs: [{ name: 'products', url: shop.products.url, sdl }],
      settings: { engine: 'compiled' },
    });
    try {
      const response = await gateway.ask({ query: 'subscription { changed }' });
      expect([response.status, await response.json()]).toEqual([
        400,
        {
          errors: [
            {
              message: 'Subscriptions are not served over this transport.',
              extensions: { code: 'SUBSCRIPTION_NOT_SUPPORTED' },
            },
          ],
        },
      ]);
    } finally {
      await gateway.stop();
    }
  });

  test('what takes too long to plan is a 400, and the next operation is answered', async () => {
    const subgraphs = ['a', 'b', 'c', 'd'].map((name) => ({
      name,
      url: shop.products.url,
      sdl: sharedSdl,
    }));
    const gateway = await startGateway({
      subgraphs,
      settings: {
        engine: 'compiled',
        query_planning: { timeout_ms: 500 },
        // it would be refused before it is planned
        limits: { max_expanded_selections: 1_000_000_000 },
      },
    });
    try {
      const response = await gateway.ask({ query: fanOut(16) });
      expect([response.status, await response.json()]).toEqual([
        400,
        {
          errors: [
            {
              message: 'Planning the operation took longer than 500 ms.',
              extensions: { code: 'OPERATION_TOO_COMPLEX' },
            },
          ],
        },
      ]);
      shop.products.answer = { body: '{"data":{"t":{"x":1}}}' };
      expect(await gateway.answerTo({ query: '{ t { x } }' })).toEqual({
        data: { t: { x: 1 } },
      });
    } finally {
      shop.heal();
      await gateway.stop();
    }
  });
});

describe('compiled engine: built of a supergraph', () => {
  const options = engineOptions();

  let engine: Engine;

  beforeAll(async () => {
    engine = await compiledEngine(options)(supergraphFromSdl(supergraphOf([shop.products, shop.reviews])));
  });

  afterAll(() => engine?.close());

  test('prints the plan of an operation', async () => {
    const plan = await engine.plan(parse('{ best { name stars } }'), undefined);
    expect(plan).toMatchInlineSnapshot(`
     "QueryPlan {
       Sequence {
         Fetch(service: "products") {
           {
             best {
               __typename
               name
               upc
             }
           }
         },
         Flatten(path: "best") {
           Fetch(service: "reviews") {
             {
               ... on Product {
                 __typename
                 upc
               }
             } =>
             {
               ... on Product {
                 stars
               }
             }
           },
         },
       },
     }"
    `);
  });

  test.each([
    ['{ nothing }', undefined, 'Cannot query field "nothing" on type "Query".'],
    ['query A { top }', 'B', 'Unknown operation named "B".'],
    [
      'query A { top } query B { top }',
      undefined,
      'The document has no operation of that name, or several and no name was given.',
    ],
  ])('refuses to plan %s', async (query, operationName, message) => {
    await expect(engine.plan(parse(query), operationName)).rejects.toThrow(message);
  });

  test('has the API schema: nothing of federation', () => {
    const names = Object.keys(engine.apiSchema.getTypeMap());
    expect(names.filter((name) => /_|^link|^join/.test(name) && !name.startsWith('__'))).toEqual([]);
  });

  async function refusalOf(sdl: string): Promise<unknown> {
    try {
      const built = await compiledEngine(options)(supergraphFromSdl(sdl));
      await built.close();
      return undefined;
    } catch (error) {
      return error instanceof GatewayError ? [error.code, error.message] : error;
    }
  }

  test.each([
    ['', /^The supergraph cannot be parsed: /],
    ['\u0000', /^The supergraph cannot be parsed: /],
    ['type Query {', /^The supergraph cannot be parsed: /],
    ['type Query { a: Int }', /^The file is a schema, but no composed supergraph: /],
    ['schema { query: Query } type Query', /./],
    ['query { a }', /./],
  ])('refuses the supergraph %j', async (sdl, message) => {
    expect(await refusalOf(sdl)).toEqual(['SUPERGRAPH_INVALID', expect.stringMatching(message)]);
  });

  test('refuses a supergraph whose query fields are all hidden', async () => {
    const sdl = supergraphOf([shop.products]).replaceAll(/^type Query$[^}]*\}/gm, 'type Query\n');
    expect(await refusalOf(sdl)).toEqual(['SUPERGRAPH_INVALID', expect.any(String)]);
  });

  test.each([
    ['@authenticated', '@authenticated', 'authenticated'],
    ['@requiresScopes', '@requiresScopes(scopes: [["a"]])', 'requiresScopes'],
    ['@policy', '@policy(policies: [["a"]])', 'policy'],
  ])('refuses a supergraph with %s', async (directive, use, specification) => {
    const sdl = supergraphOf([
      {
        name: 'accounts',
        url: shop.products.url,
        sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["${directive}"]) type Query { me: String ${use} }`,
      },
    ]);
    expect(await refusalOf(sdl)).toEqual([
      'SUPERGRAPH_INVALID',
      `The supergraph uses ${specification} for security, which this gateway does not enforce yet; it is not served unprotected.`,
    ]);
  });

  test('refuses a renamed @authenticated', async () => {
    const sdl = supergraphOf([
      {
        name: 'accounts',
        url: shop.products.url,
        sdl: 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{ name: "@authenticated", as: "@signedIn" }]) type Query { me: String @signedIn }',
      },
    ]);
    expect(await refusalOf(sdl)).toEqual(['SUPERGRAPH_INVALID', expect.stringContaining('authenticated')]);
  });

  test('refuses a supergraph with @context and @fromContext', async () => {
    const head =
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@context", "@fromContext"])';
    const sdl = supergraphOf([
      {
        name: 'accounts',
        url: shop.products.url,
        sdl: `${head}
          type Query { me: User }
          type User @key(fields: "id") @context(name: "user") { id: ID! locale: String! card: Card! }
          type Card @key(fields: "id") { id: ID! label(locale: String @fromContext(field: "$user { locale }")): String }`,
      },
      {
        name: 'cards',
        url: shop.reviews.url,
        sdl: 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) type Card @key(fields: "id") { id: ID! }  type Query { cards: Int }',
      },
    ]);
    expect(await refusalOf(sdl)).toEqual([
      'SUPERGRAPH_INVALID',
      'The supergraph uses @context and @fromContext, which the compiled engine does not serve; set `engine: apollo`.',
    ]);
  });
});
