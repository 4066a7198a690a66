import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import type { Engine } from '../../gateway/engine.ts';
import { apolloEngine } from '../../gateway/engines/apolloEngine.ts';
import { GatewayError } from '../../gateway/errors.ts';
import { supergraphFromSdl } from '../../gateway/supergraph/supergraph.ts';
import { engineOptions } from '../support/engineOptions.ts';
import { type GatewayUnderTest, startGateway, supergraphOf } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';

let accounts: StubSubgraph;
let products: StubSubgraph;
let development: GatewayUnderTest;
let production: GatewayUnderTest;
let mixed: GatewayUnderTest;

beforeAll(async () => {
  accounts = await startStubSubgraph(
    'accounts',
    `${LINK} type Query { me: User } type User @key(fields: "id") { id: ID! name: String }`,
    {
      Query: { me: () => ({ id: 'u1', name: 'Ann' }) },
      User: {
        __resolveReference: ({ id }: Record<string, unknown>) => ({
          id,
          name: 'Ann',
        }),
      },
    },
  );
  products = await startStubSubgraph(
    'products',
    `${LINK} type Query { top: String } type User @key(fields: "id") { id: ID! bought: [String] }`,
    {
      Query: { top: () => 'Tea' },
      User: {
        __resolveReference: ({ id }: Record<string, unknown>) => ({
          id,
          bought: ['Tea'],
        }),
      },
    },
  );
  const subgraphs = [accounts, products];
  const settings = {
    engine: 'apollo',
    traffic_shaping: { all: { timeout_ms: 200 } },
  };
  [development, production, mixed] = await Promise.all([
    startGateway({ subgraphs, settings }),
    startGateway({ subgraphs, settings, env: { NODE_ENV: 'production' } }),
    startGateway({
      subgraphs,
      settings: {
        ...settings,
        include_subgraph_errors: { all: false, subgraphs: { products: true } },
      },
    }),
  ]);
});

afterAll(async () => {
  await Promise.all([development?.stop(), production?.stop(), mixed?.stop()]);
  await Promise.all([accounts?.close(), products?.close()]);
});

afterEach(() => {
  accounts.answer = undefined;
  products.answer = undefined;
});

describe('apollo engine: execution', () => {
  test('joins what several subgraphs know of an entity', async () => {
    expect(await development.answerTo({ query: '{ me { name bought } top }' })).toEqual({
      data: { me: { name: 'Ann', bought: ['Tea'] }, top: 'Tea' },
    });
  });

  test('keeps the aliases `__proto__` and `constructor` through a join', async () => {
    const response = await development.ask({
      query: '{ constructor: me { __proto__: name bought } }',
    });
    expect(await response.text()).toBe('{"data":{"constructor":{"__proto__":"Ann","bought":["Tea"]}}}\n');
  });
});

describe('apollo engine: a subgraph that fails', () => {
  test('leaves the data of the others, and one error', async () => {
    products.answer = 'reset';
    const response = await development.ask({ query: '{ me { name } top }' });
    expect([response.status, await response.json()]).toEqual([
      200,
      {
        data: { me: { name: 'Ann' }, top: null },
        errors: [
          {
            message: expect.stringMatching(/^HTTP fetch failed from 'products': connection (reset|closed)$/),
            extensions: {
              code: 'SUBREQUEST_HTTP_ERROR',
              reason: expect.stringMatching(/^connection (reset|closed)$/),
              service: 'products',
            },
          },
        ],
      },
    ]);
  });

  test('past its deadline is a GATEWAY_TIMEOUT', async () => {
    products.answer = () => {};
    expect(await development.answerTo({ query: '{ me { name bought } }' })).toEqual({
      data: { me: { name: 'Ann', bought: null } },
      errors: [
        {
          message: "Subgraph 'products' did not answer within 200 ms",
          extensions: { code: 'GATEWAY_TIMEOUT', service: 'products' },
        },
      ],
    });
  });

  test('with a status and a GraphQL error gives both', async () => {
    products.answer = {
      status: 503,
      body: '{"errors":[{"message":"busy","extensions":{"code":"BUSY"}}]}',
    };
    expect(await development.answerTo({ query: '{ top }' })).toEqual({
      data: { top: null },
      errors: [
        { message: 'busy', extensions: { code: 'BUSY', service: 'products' } },
        {
          message: "HTTP fetch failed from 'products': HTTP status 503",
          extensions: {
            code: 'SUBREQUEST_HTTP_ERROR',
            reason: 'HTTP status 503',
            service: 'products',
            http: { status: 503 },
          },
        },
      ],
    });
  });

  test('shows its error, with the path in the response', async () => {
    products.answer = {
      body: '{"data":{"top":null},"errors":[{"message":"sold out","path":["top"],"extensions":{"code":"SOLD_OUT"}}]}',
    };
    expect(await development.answerTo({ query: '{ top }' })).toEqual({
      data: { top: null },
      errors: [
        {
          message: 'sold out',
          path: ['top'],
          extensions: { code: 'SOLD_OUT', service: 'products' },
        },
      ],
    });
  });

  test('shows nothing of it in production', async () => {
    products.answer = {
      body: '{"data":{"top":null},"errors":[{"message":"SELECT secret","path":["top"],"extensions":{"code":"DB","stacktrace":["/srv"]}}]}',
    };
    expect(await production.answerTo({ query: '{ top }' })).toEqual({
      data: { top: null },
      errors: [
        {
          message: 'Subgraph errors redacted',
          path: ['top'],
          extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
        },
      ],
    });
  });

  test('keeps the code of the gateway in production', async () => {
    products.answer = { status: 500, body: 'at /srv/app.js:1' };
    expect(await production.answerTo({ query: '{ top }' })).toEqual({
      data: { top: null },
      errors: [
        {
          message: 'Subgraph errors redacted',
          extensions: { code: 'SUBREQUEST_HTTP_ERROR' },
        },
      ],
    });
  });

  test('is shown or redacted by its name', async () => {
    accounts.answer = { body: '{"errors":[{"message":"a secret"}]}' };
    products.answer = { body: '{"errors":[{"message":"no secret"}]}' };
    expect(await mixed.answerTo({ query: '{ me { name } top }' })).toEqual({
      data: { me: null, top: null },
      errors: expect.arrayContaining([
        {
          message: 'Subgraph errors redacted',
          extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' },
        },
        {
          message: 'no secret',
          extensions: { code: 'DOWNSTREAM_SERVICE_ERROR', service: 'products' },
        },
      ]),
    });
  });

  test('sets neither the status nor a header of the answer', async () => {
    const http = {
      status: 418,
      headers: { 'set-cookie': 'a=b', 'x-evil': '1' },
    };
    products.answer = {
      body: JSON.stringify({
        errors: [{ message: 'no', extensions: { http } }],
      }),
    };
    const response = await development.ask({ query: '{ top }' });
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
        data: { top: null },
        errors: [
          {
            message: 'no',
            extensions: {
              code: 'DOWNSTREAM_SERVICE_ERROR',
              service: 'products',
            },
          },
        ],
      },
    ]);
  });
});

describe('apollo engine: built of a supergraph', () => {
  const options = engineOptions();

  async function withEngine<Result>(use: (engine: Engine) => Promise<Result>): Promise<Result> {
    const engine = await apolloEngine(options)(supergraphFromSdl(supergraphOf([accounts, products])));
    try {
      return await use(engine);
    } finally {
      await engine.close();
    }
  }

  test('prints the plan of an operation', async () => {
    const plan = await withEngine((engine) => engine.plan(parse('{ me { name bought } }'), undefined));
    expect(plan).toMatchInlineSnapshot(`
     "QueryPlan {
       Sequence {
         Fetch(service: "accounts") {
           {
             me {
               __typename
               id
               name
             }
           }
         },
         Flatten(path: "me") {
           Fetch(service: "products") {
             {
               ... on User {
                 __typename
                 id
               }
             } =>
             {
               ... on User {
                 bought
               }
             }
           },
         },
       },
     }"
    `);
  });

  test('refuses to plan what is not valid', async () => {
    await expect(withEngine((engine) => engine.plan(parse('{ nothing }'), undefined))).rejects.toThrow(
      'Cannot query field "nothing" on type "Query".',
    );
  });

  test('has the API schema: nothing of federation', async () => {
    const names = await withEngine(async ({ apiSchema }) => Object.keys(apiSchema.getTypeMap()));
    expect(names.filter((name) => !name.startsWith('__')).sort()).toEqual([
      'Boolean',
      'ID',
      'Query',
      'String',
      'User',
    ]);
  });

  test('reports nothing to Apollo', async () => {
    await withEngine(async () => {
      expect(process.env.APOLLO_TELEMETRY_DISABLED).toBe('1');
    });
  });

  async function refusalOf(sdl: string): Promise<unknown> {
    const error = await apolloEngine(options)(supergraphFromSdl(sdl)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof GatewayError ? [error.code, error.message] : error;
  }

  test.each(['', 'type Query {', 'type Query { a: Int }'])('refuses the supergraph %j', async (sdl) => {
    expect(await refusalOf(sdl)).toEqual([
      'SUPERGRAPH_INVALID',
      expect.stringContaining('The supergraph cannot be served by the Apollo engine: '),
    ]);
  });

  // the stock gateway would serve it without asking anybody: the directive is the Router's
  test.each(['@authenticated', '@requiresScopes', '@policy'])(
    'refuses a supergraph with %s',
    async (directive) => {
      const use = {
        '@authenticated': '@authenticated',
        '@requiresScopes': '@requiresScopes(scopes: [["a"]])',
        '@policy': '@policy(policies: [["a"]])',
      }[directive];
      const sdl = supergraphOf([
        {
          name: 'accounts',
          url: accounts.url,
          sdl: `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["${directive}"]) type Query { me: String ${use} }`,
        },
      ]);
      expect(await refusalOf(sdl)).toEqual([
        'SUPERGRAPH_INVALID',
        expect.stringContaining(directive.slice(1)),
      ]);
    },
  );
});
