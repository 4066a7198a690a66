import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';

const SDL = /* GraphQL */ `
  type Query {
    hello(name: String, age: Int): String
    fails: String
  }
`;

let subgraph: StubSubgraph;
let development: GatewayUnderTest;
let production: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('greeter', SDL, {
    Query: {
      hello: (_root, { name = 'world' }) => `hello ${name}`,
      fails: () => {
        throw new Error('SELECT * FROM secrets at /srv/app.js:1');
      },
    },
  });
  const settings = { limits: { max_tokens: 50 } };
  [development, production] = await Promise.all([
    startGateway({ subgraphs: [subgraph], settings }),
    startGateway({ subgraphs: [subgraph], settings, env: { NODE_ENV: 'production' } }),
  ]);
});

afterAll(async () => {
  await Promise.all([development?.stop(), production?.stop()]);
  await subgraph?.close();
});

async function whole(response: Response): Promise<unknown> {
  return { status: response.status, body: await response.json() };
}

describe('http: operations that are refused', () => {
  const refusals = [
    {
      what: 'an unknown operation name',
      body: { query: 'query A { hello }', operationName: 'B' },
      error: {
        message: 'Unknown operation named "B".',
        extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
      },
    },
    {
      what: 'several operations and no name',
      body: { query: 'query A { hello } query B { hello }' },
      error: {
        message: 'Must provide operation name if query contains multiple operations.',
        extensions: { code: 'OPERATION_RESOLUTION_FAILURE' },
      },
    },
    {
      what: 'a document that does not parse',
      body: { query: '{ hello' },
      error: {
        message: 'Syntax Error: Expected Name, found <EOF>.',
        locations: [{ line: 1, column: 8 }],
        extensions: { code: 'GRAPHQL_PARSE_FAILED' },
      },
    },
    {
      what: 'more tokens than `limits.max_tokens`',
      body: { query: `{ ${'hello '.repeat(50)}}` },
      error: {
        message: 'The document has more than 50 tokens.',
        extensions: { code: 'TOKEN_LIMIT_EXCEEDED' },
      },
    },
    {
      what: 'a document that is not valid',
      body: { query: '{ nothing }' },
      error: {
        message: 'Cannot query field "nothing" on type "Query".',
        locations: [{ line: 1, column: 3 }],
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
      },
    },
    {
      what: 'a variable of another type',
      body: { query: 'query ($age: Int) { hello(age: $age) }', variables: { age: 'old' } },
      error: {
        message: 'Variable "$age" got invalid value "old"; Int cannot represent non-integer value: "old"',
        locations: [{ line: 1, column: 8 }],
        extensions: { code: 'BAD_USER_INPUT' },
      },
    },
  ];

  test.each(refusals)('$what is a 400 and reaches no subgraph', async ({ body, error }) => {
    const before = subgraph.requests.length;
    expect(await whole(await development.ask(body))).toEqual({ status: 400, body: { errors: [error] } });
    expect(subgraph.requests.length).toBe(before);
  });

  test('a subscription is a 400', async () => {
    const events = await startStubSubgraph('events', 'type Query { a: Int } type Subscription { tick: Int }');
    const gateway = await startGateway({ subgraphs: [events] });
    try {
      expect(await whole(await gateway.ask({ query: 'subscription { tick }' }))).toEqual({
        status: 400,
        body: {
          errors: [
            {
              message: 'Subscriptions are not served over this transport.',
              extensions: { code: 'SUBSCRIPTION_NOT_SUPPORTED' },
            },
          ],
        },
      });
    } finally {
      await gateway.stop();
      await events.close();
    }
  });
});

describe('http: production', () => {
  test.each(['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }'])(
    'refuses the introspection %s',
    async (query) => {
      expect(await whole(await production.ask({ query }))).toEqual({
        status: 400,
        body: {
          errors: [
            {
              message: 'Introspection is off: `__schema` and `__type` are not answered.',
              locations: [{ line: 1, column: 3 }],
              extensions: {
                code: 'GRAPHQL_VALIDATION_FAILED',
                validationErrorCode: 'INTROSPECTION_DISABLED',
              },
            },
          ],
        },
      });
    },
  );

  test('answers `__typename`', async () => {
    expect(await production.answerTo({ query: '{ __typename }' })).toEqual({ data: { __typename: 'Query' } });
  });

  test.each([
    ['a field', { query: '{ helo }' }],
    ['an argument', { query: '{ hello(nam: "a") }' }],
    ['a type', { query: 'query ($a: Strin) { hello(name: $a) }' }],
  ])('suggests no name in place of %s', async (_what, body) => {
    const [inProduction, inDevelopment] = await Promise.all([
      production.ask(body).then((response) => response.text()),
      development.ask(body).then((response) => response.text()),
    ]);
    expect([inProduction.includes('Did you mean'), inDevelopment.includes('Did you mean')]).toEqual([
      false,
      true,
    ]);
  });

  test.each([
    { query: '{ fails }' },
    { query: '{ nothing }' },
    { query: '{' },
    { query: 'query ($age: Int!) { hello(age: $age) }' },
    { query: 7 },
    { query: '{ hello }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } },
  ])('shows no stack trace and no path of a file in the answer to %j', async (body) => {
    const text = await (await production.ask(body)).text();
    expect(text).toContain('"errors"');
    expect(text).not.toMatch(/stacktrace|exception|\bat \w|node_modules|\.[jt]s\b|SELECT/);
  });

  test('serves no explorer', async () => {
    const pages = ['/', '/graphiql'].map(async (path) => (await fetch(`${production.url}${path}`)).status);
    expect(await Promise.all(pages)).toEqual([404, 404]);
  });
});
