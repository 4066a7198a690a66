import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type GatewayUnderTest, startGateway } from '../support/runningGateway.ts';
import { type StubSubgraph, startStubSubgraph } from '../support/stubSubgraph.ts';
import { busyMsOf } from './busyTime.ts';

const SDL = /* GraphQL */ `
  scalar JSON
  type Query {
    me: User
    users(first: Int, ids: [ID!], numbers: [Int!], filter: Filter, ratio: Float): [User]
    echo(value: JSON): JSON
  }
  input Filter { name: String, all: [Filter] }
  type User { id: ID! name: String friends: [User] }
`;

let subgraph: StubSubgraph;
let gateway: GatewayUnderTest;
/** With introspection and suggestions. */
let development: GatewayUnderTest;

beforeAll(async () => {
  subgraph = await startStubSubgraph('accounts', SDL, {
    Query: { me: () => ({ id: 'u1', name: 'Ada' }), users: () => [], echo: (_root, { value }) => value },
    User: { friends: () => [] },
  });
  [gateway, development] = await Promise.all([
    startGateway({ subgraphs: [subgraph], env: { NODE_ENV: 'production' } }),
    startGateway({ subgraphs: [subgraph] }),
  ]);
  await Promise.all([
    gateway.ask({ query: '{ me { name } }' }),
    development.ask({ query: '{ me { name } }' }),
  ]);
});

afterAll(async () => {
  await Promise.all([gateway?.stop(), development?.stop()]);
  await subgraph?.close();
});

let asked: number;
beforeEach(() => {
  asked = subgraph.requests.length;
});

interface Attack {
  readonly what: string;
  readonly body: () => unknown;
  /** Codes of which the first error has one. */
  readonly codes: readonly string[];
}

const nested = (levels: number): string => `${'{ friends '.repeat(levels)}{ id }${' }'.repeat(levels)}`;

const attacks: readonly Attack[] = [
  {
    what: 'a field three thousand times (quadratic validation)',
    body: () => ({ query: `{${' me { id }'.repeat(3000)} }` }),
    codes: ['TOKEN_LIMIT_EXCEEDED'],
  },
  {
    what: 'a field as often as tokens allow',
    body: () => ({ query: `{ me {${' friends { id }'.repeat(1200)} } }` }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'root fields as often as tokens allow',
    body: () => ({ query: `{${' me { id }'.repeat(1200)} }` }),
    codes: ['MAX_ROOT_FIELDS_LIMIT'],
  },
  {
    what: 'forty inline fragments in forty (GHSA-fc86-6rv6-2jpm)',
    body: () => ({
      query: `{ me {${` ... on User { friends {${' ... on User { id }'.repeat(40)} } }`.repeat(40)} } }`,
    }),
    codes: ['TOKEN_LIMIT_EXCEEDED'],
  },
  {
    what: 'fragments that spread each other in a ring of three hundred',
    body: () => {
      const names = Array.from({ length: 300 }, (_, index) => `F${index}`);
      const fragments = names.map(
        (name, index) => `fragment ${name} on User { friends { ...F${(index + 1) % 300} id } }`,
      );
      return { query: `{ me { ${names.map((name) => `...${name}`).join(' ')} } } ${fragments.join(' ')}` };
    },
    codes: ['MAX_DEPTH_LIMIT', 'OPERATION_TOO_COMPLEX'],
  },
  {
    what: 'a fan-out of fragments to 2^20 (CVE-2025-32030)',
    body: () => {
      const links = Array.from(
        { length: 20 },
        (_, index) =>
          `fragment F${index} on User { a: friends { ...F${index + 1} } b: friends { ...F${index + 1} } }`,
      );
      return { query: `{ me { ...F0 } } ${links.join(' ')} fragment F20 on User { id name }` };
    },
    codes: ['OPERATION_TOO_COMPLEX'],
  },
  {
    what: 'a flat fan-out that stays under the depth, to 2^40 (CVE-2025-32033)',
    body: () => {
      const links = Array.from(
        { length: 40 },
        (_, index) => `fragment F${index} on User { ...F${index + 1} ...F${index + 1} }`,
      );
      return { query: `{ me { ...F0 } } ${links.join(' ')} fragment F40 on User { id }` };
    },
    codes: ['OPERATION_TOO_COMPLEX'],
  },
  {
    what: 'fragments in a circle',
    body: () => ({
      query:
        '{ me { ...A } } fragment A on User { friends { ...B } } fragment B on User { friends { ...A } }',
    }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'a fragment that spreads itself',
    body: () => ({ query: '{ me { ...A } } fragment A on User { id ...A }' }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'selection sets nested a hundred deep',
    body: () => ({ query: `{ me ${nested(100)} }` }),
    codes: ['MAX_DEPTH_LIMIT'],
  },
  {
    what: 'selection sets nested beyond the stack',
    body: () => ({ query: `{ me ${nested(50_000)} }` }),
    codes: ['MAX_RECURSION_LIMIT'],
  },
  {
    what: 'a list literal nested beyond the stack',
    body: () => ({ query: `{ echo(value: ${'['.repeat(100_000)}${']'.repeat(100_000)}) }` }),
    codes: ['MAX_RECURSION_LIMIT'],
  },
  {
    what: 'an object literal nested beyond the stack',
    body: () => ({ query: `{ echo(value: ${'{a:'.repeat(50_000)}1${'}'.repeat(50_000)}) }` }),
    codes: ['MAX_RECURSION_LIMIT'],
  },
  {
    what: 'a variable nested five thousand deep',
    body: () =>
      `{"query":"query($v: JSON) { echo(value: $v) }","variables":{"v":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
    codes: ['MAX_VARIABLES_DEPTH_LIMIT'],
  },
  {
    what: 'an operation named __schema that is deep (GHSA-733v-p3h5-qpq7)',
    body: () => ({ query: `query __schema { me ${nested(30)} }` }),
    codes: ['MAX_DEPTH_LIMIT'],
  },
  {
    what: 'a fragment named __schema that is deep (GHSA-hmfr-rx46-4jx2)',
    body: () => ({ query: `{ me { ...__schema } } fragment __schema on User ${nested(30)}` }),
    codes: ['MAX_DEPTH_LIMIT'],
  },
  {
    what: 'a fragment that is met first where it is shallow (GHSA-224p-v68g-5g8f)',
    body: () => ({
      query: `{ a: me { ...L } b: me ${nested(14).replace('id', '...L')} } fragment L on User ${nested(14)}`,
    }),
    codes: ['MAX_DEPTH_LIMIT'],
  },
  {
    what: 'a hundred aliases of one field',
    body: () => ({
      query: `{ me {${Array.from({ length: 100 }, (_, index) => ` a${index}: name`).join('')} } }`,
    }),
    codes: ['MAX_ALIASES_LIMIT'],
  },
  {
    what: 'a hundred aliases of __typename',
    body: () => ({
      query: `{ me {${Array.from({ length: 100 }, (_, index) => ` a${index}: __typename`).join('')} } }`,
    }),
    codes: ['MAX_ALIASES_LIMIT'],
  },
  {
    what: 'a hundred aliases behind fragments',
    body: () => ({
      query: `{ me {${' friends { ...F }'.repeat(25)} } } fragment F on User { a: id b: id c: id d: id }`,
    }),
    codes: ['MAX_ALIASES_LIMIT'],
  },
  {
    what: 'root fields by aliases',
    body: () => ({
      query: `{${Array.from({ length: 21 }, (_, index) => ` a${index}: me { id }`).join('')} }`,
    }),
    codes: ['MAX_ROOT_FIELDS_LIMIT'],
  },
  {
    what: 'root fields behind fragments',
    body: () => ({
      query: `{ ...F ... { ...F ...F } } fragment F on Query {${' me { id }'.repeat(7)} }`,
    }),
    codes: ['MAX_ROOT_FIELDS_LIMIT'],
  },
  {
    what: 'one directive five thousand times (CVE-2024-47614)',
    body: () => ({ query: `{ me { name${' @skip(if: false)'.repeat(5000)} } }` }),
    codes: ['TOKEN_LIMIT_EXCEEDED'],
  },
  {
    what: 'unknown directives as often as tokens allow',
    body: () => ({ query: `query ${'@aa'.repeat(2000)} { me { name } }` }),
    codes: ['MAX_DIRECTIVES_LIMIT'],
  },
  {
    what: 'four thousand unknown fields',
    body: () => ({ query: `{ me {${Array.from({ length: 4000 }, (_, index) => ` x${index}`).join('')} } }` }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'fifty thousand values of the wrong type (coercion errors)',
    body: () => ({
      query: 'query($n: [Int!]) { users(numbers: $n) { id } }',
      variables: { n: Array.from({ length: 50_000 }, () => 'x') },
    }),
    codes: ['BAD_USER_INPUT'],
  },
  {
    what: 'fifty thousand unknown keys of an input object',
    body: () => ({
      query: 'query($f: Filter) { users(filter: $f) { id } }',
      variables: { f: Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 1])) },
    }),
    codes: ['BAD_USER_INPUT'],
  },
  {
    what: 'a literal of 200 kB where a number is wanted',
    body: () => ({ query: `{ users(first: "${'x'.repeat(200_000)}") { id } }` }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'a variable of 200 kB where a number is wanted',
    body: () => ({
      query: 'query($n: Int) { users(first: $n) { id } }',
      variables: { n: 'x'.repeat(200_000) },
    }),
    codes: ['BAD_USER_INPUT'],
  },
  {
    what: 'a field name of 200 kB',
    body: () => ({ query: `{ ${'x'.repeat(200_000)} }` }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'an integer beyond all numbers',
    body: () => ({ query: '{ users(first: 1e1000) { id } }' }),
    codes: ['GRAPHQL_VALIDATION_FAILED'],
  },
  {
    what: 'a variable beyond all numbers for an integer',
    body: () => '{"query":"query($n: Int) { users(first: $n) { id } }","variables":{"n":1e1000}}',
    codes: ['BAD_USER_INPUT'],
  },
  {
    what: 'a variable beyond all numbers for a float',
    body: () => '{"query":"query($n: Float) { users(ratio: $n) { id } }","variables":{"n":1e1000}}',
    codes: ['BAD_USER_INPUT'],
  },
  {
    what: 'a thousand operations in an array while batching is off',
    body: () => Array.from({ length: 1000 }, () => ({ query: '{ me { name } }' })),
    codes: ['BATCHING_NOT_ENABLED'],
  },
];

async function attack(to: GatewayUnderTest, body: unknown): Promise<{ status: number; text: string }> {
  const response = await fetch(`${to.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    // what JSON.stringify cannot write is given as text
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

describe.each([['production'], ['development']] as const)('security: structure, in %s', (mode) => {
  test.each(attacks)(
    '$what is refused in time, in few words, and without a fetch',
    async ({ body, codes }) => {
      const sent = body();
      let answer = { status: 0, text: '' };
      const busyMs = await busyMsOf(async () => {
        answer = await attack(mode === 'production' ? gateway : development, sent);
      });
      const { data, errors } = JSON.parse(answer.text) as {
        data?: unknown;
        errors: { message: string; extensions: { code: string } }[];
      };
      expect({
        status: answer.status,
        data,
        isFewErrors: errors.length <= 101,
        isShort: answer.text.length <= 65_536,
        code: codes.includes(errors[0]?.extensions.code ?? '') ? 'expected' : errors[0],
        namesTheStack: answer.text.includes('call stack'),
        fetches: subgraph.requests.length - asked,
        busyMs: busyMs < 600 ? 'short' : busyMs,
      }).toEqual({
        status: 400,
        data: undefined,
        isFewErrors: true,
        isShort: true,
        code: 'expected',
        namesTheStack: false,
        fetches: 0,
        busyMs: 'short',
      });
    },
  );
});

describe('security: structure', () => {
  test('a deep introspection is refused where introspection is on', async () => {
    const query = `{ __schema { types ${'{ fields { type '.repeat(4)}{ name }${' } }'.repeat(4)} } }`;
    const { status, text } = await attack(development, { query });
    expect([status, text.length < 65_536, JSON.parse(text).errors[0].extensions.code]).toEqual([
      400,
      true,
      'GRAPHQL_VALIDATION_FAILED',
    ]);
  });

  test('the introspection of tools stays within the limits', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    const { status } = await attack(development, { query: getIntrospectionQuery() });
    expect(status).toBe(200);
  });

  test('the next request is answered as if nothing had been', async () => {
    expect(await gateway.answerTo({ query: '{ me { name } }' })).toEqual({ data: { me: { name: 'Ada' } } });
  });
});
